"""Keep on record what the starting point of a training was made of."""

from dataclasses import asdict, dataclass
from pathlib import Path

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from hbir.core.errors import ModelError
from hbir.core.files import write_json
from hbir.core.model_folder import read_config
from hbir.encoding.params import EncoderParams
from hbir.encoding.prompts import SIDES

FILE = "encoder.json"
"""Its name in `models/initial`."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Hold the content of `encoder.json`."""

    name: str
    """As params.yaml names the encoder: a preset, an id of the Hub or a folder."""
    revision: str | None
    """Commit of the Hub."""
    modules: list[str]
    """Classes of its modules, in order."""
    pooling: str | list[str] | None
    """How token embeddings become one; None where no module of its own does it."""
    prompts: dict[str, str]
    """By side, what goes before a text."""
    max_query_tokens: int
    max_passage_tokens: int
    normalize: bool
    """Whether embeddings have length 1."""
    parameters: int
    """Number of weights."""
    tokens: int
    """Size of the vocabulary, special tokens included."""


def describe(model: SentenceTransformer, params: EncoderParams) -> Origin:
    """Describe a starting point.

    Args:
        model: what `initial_encoder` returned.
        params: the section `encoder`.

    Returns:
        Its record; a folder is named as params.yaml names it.
    """
    return Origin(
        name=params.name,
        revision=model.model_card_data.base_model_revision,
        modules=[type(part).__name__ for part in model.children()],
        pooling=next((part.pooling_mode for part in model.modules() if isinstance(part, Pooling)), None),
        prompts={side: model.prompts[side] for side in SIDES},
        max_query_tokens=params.max_query_tokens,
        max_passage_tokens=params.max_passage_tokens,
        normalize=params.normalize,
        parameters=sum(weight.numel() for weight in model.parameters()),
        tokens=count_tokens(model),
    )


def count_tokens(model: SentenceTransformer) -> int:
    """Count the tokens that an encoder knows.

    Args:
        model: the encoder.

    Returns:
        The size of its vocabulary, special tokens included.
    """
    tokenizer = model.tokenizer
    return len(tokenizer) if hasattr(tokenizer, "__len__") else int(tokenizer.get_vocab_size())


def write_origin(origin: Origin, folder: Path) -> None:
    """Write the record.

    Args:
        origin: what to write.
        folder: of the starting point.
    """
    write_json(folder / FILE, asdict(origin))


def read_origin(folder: Path) -> Origin | None:
    """Read the record.

    Args:
        folder: of a starting point.

    Returns:
        What `write_origin` wrote; None where there is no such file.

    Raises:
        ModelError: when the file holds something else.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    content = read_config(path, str(folder))
    try:
        return Origin(**content)
    except TypeError as error:
        raise ModelError(
            where=str(path),
            expected=f"the keys {', '.join(Origin.__annotations__)}",
            found=", ".join(content) or "none",
            hint="Delete the folder and run `dvc repro`, which makes it again.",
        ) from error
