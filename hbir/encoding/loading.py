"""Load a folder with sentence-transformers, from safetensors alone, and say what is wrong with it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from hbir.core.errors import ModelError
from hbir.core.seeds import derive_seed
from hbir.encoding.settings import positions

UNUSED = ("pooler", "lm_head", "cls", "classifier")
"""Modules on top of a transformer, which an embedding of its tokens does not use."""
ANOTHER = "Choose another, or download or copy its files again."
"""What to do with an encoder that does not load."""
_TRIAL = ("a", "a text that is longer")
"""Texts of two lengths, of which one is padded."""
logger = logging.getLogger(__name__)


def open_folder(
    folder: Path,
    where: str,
    hint: str,
    device: str | None,
    trusted: bool,
    attention: str | None = None,
    seed: int = 0,
) -> SentenceTransformer:
    """Load an encoder that `find_source` found or that hbir saved.

    Args:
        folder: its files.
        where: what to call it in a message.
        hint: what to do when it does not load.
        device: where to put it; None takes the best that there is.
        trusted: whether code that comes with it may run.
        attention: how attention is computed, such as `sdpa`; None for the library's choice.
        seed: fills the weights that its files lack and an embedding does not use, such as a pooler.

    Returns:
        The encoder, its longest input no longer than its positions; it has embedded a text on either side.

    Raises:
        ModelError: when it does not load or embed, or its weights or its tokenizer are those of another model.
    """
    settings: dict[str, Any] = {"use_safetensors": True}
    if attention is not None:
        settings["attn_implementation"] = attention
    with torch.random.fork_rng(devices=[]), _explained(folder, where, "a model that loads", hint):
        torch.default_generator.manual_seed(derive_seed(seed, "encoder", "missing"))
        model = SentenceTransformer(
            str(folder),
            device=device,
            trust_remote_code=trusted,
            local_files_only=True,
            model_kwargs=settings,
        )
    for part in model.modules():
        if isinstance(part, Transformer):
            _require_weights(part, where, hint)
            _require_tokens(part, where)
            _shorten(part)
            _name_padding(part, where)
    with torch.random.fork_rng(devices=[]), _explained(folder, where, "a model that embeds a text", hint):
        _try_out(model)
    return model


@contextmanager
def _explained(folder: Path, where: str, expected: str, hint: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the files, or code that comes with them, may raise anything
        _require_known_tokenizer(folder, where)
        text = " ".join(str(error).split())[:300].rstrip(".")
        found = f"{type(error).__name__}: {text}" if isinstance(error, LookupError) or not text else text
        raise ModelError(where=where, expected=expected, found=found, hint=hint) from error


def _require_known_tokenizer(folder: Path, where: str) -> None:
    """Refuse a tokenizer of a newer version, which transformers would call a missing processor."""
    for path in sorted(folder.rglob("tokenizer.json")):
        try:
            Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises no kind of its own
            raise ModelError(
                where=where,
                expected=f"a {path.name} that tokenizers {version('tokenizers')} reads",
                found=" ".join(str(error).split())[:200].rstrip("."),
                hint="It is damaged or of a newer version: copy it again, or save the tokenizer with the "
                "packages that are installed here.",
            ) from error


def _try_out(model: SentenceTransformer) -> None:
    """Embed two texts on either side, and leave no trace of it in the tokenizers."""
    texts = list(_TRIAL)
    fast = [getattr(getattr(part, "tokenizer", None), "backend_tokenizer", None) for part in model.modules()]
    before = [(one, one.truncation, one.padding) for one in fast if isinstance(one, Tokenizer)]
    for encode in (model.encode_query, model.encode_document):
        shape = np.shape(encode(texts, show_progress_bar=False))
        if len(shape) != 2 or not all(shape):
            raise ValueError(f"embeddings of shape {shape} for {len(texts)} texts")
    for tokenizer, truncation, padding in before:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if truncation:
            tokenizer.enable_truncation(**truncation)
        if padding:
            tokenizer.enable_padding(**padding)


def unfilled(model: PreTrainedModel) -> list[str]:
    """Name the weights of a loaded model that no file had, so that they started at random.

    Args:
        model: what `from_pretrained` returned; it marks what it read, also under an older name, and what is
            tied to that.

    Returns:
        Names, without the modules that an embedding does not use.
    """
    names = (name for name, weight in model.named_parameters() if not hasattr(weight, "_is_hf_initialized"))
    return [name for name in names if not set(name.split(".")) & set(UNUSED)]


def _require_weights(part: Transformer, where: str, hint: str) -> None:
    missing = unfilled(part.model) if isinstance(part.model, PreTrainedModel) else []
    if missing:
        raise ModelError(
            where=where,
            expected="all weights of its architecture",
            found=f"{_named(missing)}, which would start at random",
            hint=hint,
        )


def _named(missing: list[str]) -> str:
    others = f" and {len(missing) - 1:,} others" if len(missing) > 1 else ""
    return f"no {missing[0]}{others}"


def _require_tokens(part: Transformer, where: str) -> None:
    table = _table(part)
    known = len(part.tokenizer) if hasattr(part.tokenizer, "__len__") else 0
    if isinstance(table, torch.nn.Embedding) and known > table.num_embeddings:
        raise ModelError(
            where=where,
            expected=f"a tokenizer of at most {table.num_embeddings:,} tokens, as many as have an embedding",
            found=f"one of {known:,}",
            hint="Copy the tokenizer's files again from where the weights are from.",
        )


def _name_padding(part: Transformer, where: str) -> None:
    """Name a token to pad with where the tokenizer does not; no model sees it, for its mask is 0."""
    tokenizer = part.tokenizer
    if getattr(tokenizer, "pad_token", "") is not None:
        return
    known = getattr(part.config, "pad_token_id", None)
    padding = tokenizer.convert_ids_to_tokens(known) if known is not None and known >= 0 else None
    tokenizer.pad_token = padding or tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        raise ModelError(
            where=where,
            expected="a tokenizer that names a token to pad with",
            found="no `pad_token`, `eos_token` or `unk_token`",
            hint="Name one of its tokens as `pad_token` in tokenizer_config.json.",
        )
    logger.info("%s: its tokenizer names no padding, so %r is taken", where, tokenizer.pad_token)


def _table(part: Transformer) -> torch.nn.Module | None:
    try:
        table: torch.nn.Module | None = part.model.get_input_embeddings()
    except NotImplementedError:  # code that comes with a model may not say
        return None
    return table


def _shorten(part: Transformer) -> None:
    """Correct what the library takes for the longest input where the tokenizer names none."""
    most, longest = positions(part), part.max_seq_length
    if most is not None and (longest is None or longest > most):
        part.max_seq_length = most
