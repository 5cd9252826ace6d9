"""Load a folder with sentence-transformers, from safetensors alone, and say what is wrong with it."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from transformers import PreTrainedModel

from hbir.core.errors import ModelError
from hbir.core.seeds import derive_seed
from hbir.encoding.lengths import positions

UNUSED = ("pooler", "lm_head", "cls", "classifier")
"""Modules on top of a transformer, which an embedding of its tokens does not use."""
_FAULTS = (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError)


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
        The encoder, its longest input no longer than its positions.

    Raises:
        ModelError: when it does not load, its weights are those of another model, or its tokenizer is.
    """
    settings: dict[str, Any] = {"use_safetensors": True}
    if attention is not None:
        settings["attn_implementation"] = attention
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(derive_seed(seed, "encoder", "missing"))
            model = SentenceTransformer(
                str(folder),
                device=device,
                trust_remote_code=trusted,
                local_files_only=True,
                model_kwargs=settings,
            )
    except _FAULTS as error:
        found = " ".join(str(error).split())[:300].rstrip(".")
        raise ModelError(where=where, expected="a model that loads", found=found, hint=hint) from error
    for part in model.modules():
        if isinstance(part, Transformer):
            _require_weights(part, where, hint)
            _require_tokens(part, where)
            _shorten(part)
    return model


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
