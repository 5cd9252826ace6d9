"""Load, save and run encoders."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as hub_logging

from hbir.core.errors import ModelError

PROMPTS = {"query": "Query: ", "document": "Passage: "}
"""The paper's prefixes, under the names that `encode_query` and `encode_document` look for."""

Side = Literal["query", "document"]
_WEIGHTS = ("*.safetensors",)


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


def encode(model: SentenceTransformer, texts: Sequence[str], side: Side, batch_size: int) -> np.ndarray:
    """Embed texts with `encode_query` or `encode_document`, as a user of the saved model would.

    Args:
        model: the encoder.
        texts: (n,) questions or passages.
        side: which of the two they are.
        batch_size: texts per forward pass.

    Returns:
        (n, d) float32, rows in the order of the texts.
    """
    run = model.encode_query if side == "query" else model.encode_document
    return np.asarray(
        run(list(texts), batch_size=batch_size, show_progress_bar=False), dtype=np.float32
    )  # (n, d)


def prepare_torch(threads: int) -> None:
    """Make torch give the same bytes on one type of machine, and its libraries quiet.

    Args:
        threads: CPU threads; another number gives other last digits.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
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
