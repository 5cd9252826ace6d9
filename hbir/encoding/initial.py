"""Make the one starting point that every sampler shares."""

from collections.abc import Iterable
from pathlib import Path

from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize

from hbir.core.errors import ModelError
from hbir.encoding.model import PROMPTS
from hbir.encoding.params import EncoderParams
from hbir.encoding.tiny import build_tiny

TINY = "tiny"


def initial_encoder(params: EncoderParams, texts: Iterable[str], seed: int) -> SentenceTransformer:
    """Make or fetch the encoder that `encoder.name` names.

    Args:
        params: the section `encoder`.
        texts: what the tokenizer of `tiny` is trained on; a pretrained encoder brings its own.
        seed: the base seed.

    Returns:
        The encoder with hbir's prompts, whose embeddings have length 1.

    Raises:
        ModelError: when the name is no model, or one without safetensors weights.
    """
    model = build_tiny(params, texts, seed) if params.name == TINY else _pretrained(params)
    model.prompts = dict(PROMPTS)
    return model


def _pretrained(params: EncoderParams) -> SentenceTransformer:
    try:
        model = SentenceTransformer(params.name, device="cpu", model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, SafetensorError) as error:
        kind = "folder" if Path(params.name).exists() else "Hub id that can be reached"
        raise ModelError(
            where="params.yaml: encoder.name",
            expected=f"`tiny` or a {kind} with safetensors weights",
            found=f"{params.name!r}: {' '.join(str(error).split())}",
            hint="Check the name; a Hub id needs the network once.",
        ) from error
    model.max_seq_length = params.max_tokens
    if not any(isinstance(module, Normalize) for module in model):
        model.append(Normalize())
    return model
