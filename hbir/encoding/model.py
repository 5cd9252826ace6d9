"""Load, save and run encoders."""

import hashlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Module
from sentence_transformers.sentence_transformer.modules import Normalize
from tokenizers import Tokenizer
from transformers import PreTrainedModel
from transformers.utils import logging as hub_logging

from hbir.core.errors import ModelError
from hbir.encoding.hub import is_cached, require

PROMPTS = {"query": "Query: ", "document": "Passage: "}
"""The paper's prefixes, under the names that `encode_query` and `encode_document` look for."""

Side = Literal["query", "document"]
SIDES: tuple[Side, Side] = ("query", "document")
_WEIGHTS = ("*.safetensors",)
_ORIGIN = ("_name_or_path", "transformers_version")
"""What a config says of where its model was loaded from, and by what."""


def load_encoder(path: Path, device: str | None = None) -> SentenceTransformer:
    """Load an encoder from a folder.

    Args:
        path: a folder that sentence-transformers saved.
        device: where to put it; None takes the best that there is.

    Returns:
        The encoder, in evaluation mode.

    Raises:
        ModelError: when the folder or its weights are missing or broken.
    """
    if not (path / "modules.json").is_file():
        raise _unusable(path, "a sentence-transformers folder", "no modules.json")
    if not any(file for pattern in _WEIGHTS for file in path.rglob(pattern)):
        raise _unusable(path, "weights (*.safetensors)", "none")
    try:
        return SentenceTransformer(str(path), device=device, local_files_only=True).eval()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unusable(path, "a model that loads", " ".join(str(error).split())) from error


def open_encoder(name: str, device: str | None = None) -> SentenceTransformer:
    """Open any encoder to score it or to search with it: its own prompts, pooling and lengths.

    Args:
        name: a folder, or an id on the Hub; weights in safetensors.
        device: where to put it; None takes the best that there is.

    Returns:
        The encoder, in evaluation mode.

    Raises:
        ModelError: when it cannot be found or loaded.
    """
    path = Path(name)
    if (path / "modules.json").is_file():
        return load_encoder(path, device)
    require(name, f"model {name}")
    try:
        return SentenceTransformer(
            name,
            device=device,
            model_kwargs={"use_safetensors": True},
            local_files_only=path.is_dir() or is_cached(name),
        ).eval()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            where=f"model {name}",
            expected="an encoder with safetensors weights",
            found=" ".join(str(error).split())[:300],
            hint="Check the name, or delete what the Hub's cache holds of it and try again.",
        ) from error


def encoder_fingerprint(model: SentenceTransformer) -> str:
    """Hash everything of an encoder that decides its embeddings, wherever it was loaded from.

    Args:
        model: the encoder.

    Returns:
        SHA-256 in hexadecimal over weights, modules with their configs, tokenizers, prompts and lengths.
    """
    settings = [model.prompts, model.default_prompt_name, model.similarity_fn_name, model.truncate_dim]
    parts = [_settings(part) for part in model.modules() if isinstance(part, Module | PreTrainedModel)]
    sha = hashlib.sha256(json.dumps([settings, parts], sort_keys=True, default=str).encode())
    for name, weight in sorted(model.state_dict().items()):
        sha.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        sha.update(weight.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().data)
    return sha.hexdigest()


def _settings(part: Module | PreTrainedModel) -> list[Any]:
    if isinstance(part, PreTrainedModel):
        config = json.loads(part.config.to_json_string(use_diff=False), object_hook=_without_origin)
        return [type(part).__name__, config]
    # As text, because the keys of a router's config are tuples.
    config = str(part.get_config_dict())
    longest, tokenizer = getattr(part, "max_seq_length", None), getattr(part, "tokenizer", None)
    return [type(part).__name__, config, longest, _tokenization(tokenizer)]


def _without_origin(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _ORIGIN}


def _tokenization(tokenizer: Any) -> Any:
    """Return what decides the ids of a text, as the kind of tokenizer can say it."""
    if tokenizer is None:
        return None
    if isinstance(tokenizer, Tokenizer):
        return tokenizer.to_str()
    if not hasattr(tokenizer, "backend_tokenizer"):
        return tokenizer.get_vocab()
    # Every call leaves its own padding and truncation behind, of which only the sides belong to the encoder.
    sides = {"padding": tokenizer.padding_side, "truncation": tokenizer.truncation_side}
    return json.loads(tokenizer.backend_tokenizer.to_str()) | sides


def save_encoder(model: SentenceTransformer, folder: Path) -> None:
    """Save an encoder with its prompts, in safetensors, without anything that changes between runs.

    Args:
        model: the encoder.
        folder: an empty folder, as a rule that of `hbir.core.files.atomic_folder`.
    """
    model.prompts = dict(PROMPTS)
    model.save_pretrained(str(folder), create_model_card=False)


def prompted(texts: Sequence[str], side: Side) -> list[str]:
    """Put the prompt of a side before every text.

    Args:
        texts: questions or passages.
        side: which prompt.

    Returns:
        The texts as the encoder reads them.
    """
    return [PROMPTS[side] + text for text in texts]


def embed(
    model: SentenceTransformer, texts: Sequence[str], side: Side, batch_size: int, progress: bool = False
) -> np.ndarray:
    """Embed texts with `encode_query` or `encode_document`, so that an inner product is the model's similarity.

    Args:
        model: the encoder.
        texts: (n,) questions or passages.
        side: which of the two they are; decides the prompt.
        batch_size: texts per forward pass.
        progress: whether to show a bar on stderr, which needs a terminal.

    Returns:
        (n, d) float32, rows in the order of the texts; of length 1 where the model compares by cosine.

    Raises:
        ModelError: when the model compares by a distance.
    """
    if model.similarity_fn_name not in ("cosine", "dot"):
        raise ModelError(
            where="the model's similarity_fn_name",
            expected="cosine or dot",
            found=str(model.similarity_fn_name),
            hint="Set `similarity_fn_name` in its config_sentence_transformers.json.",
        )
    run = model.encode_query if side == "query" else model.encode_document
    # Dividing by a length of 1 again would only move last digits.
    unnormalised = model.similarity_fn_name == "cosine" and not isinstance(model[-1], Normalize)
    rows = run(
        list(texts),
        batch_size=batch_size,
        show_progress_bar=progress and sys.stderr.isatty(),
        normalize_embeddings=unnormalised,
    )
    return np.asarray(rows, dtype=np.float32)  # (n, d)


def prepare_torch(threads: int | None) -> None:
    """Make torch give the same bytes on one type of machine, and its libraries quiet.

    Args:
        threads: CPU threads; another number gives other last digits. None for torch's own choice.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if threads is not None:
        torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Filling what will be written anyway costs 10 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)


def _unusable(path: Path, expected: str, found: str) -> ModelError:
    return ModelError(
        where=str(path),
        expected=expected,
        found=found,
        hint="Delete the folder and run `dvc repro`, or name another.",
    )
