"""Run an encoder as a training does, on texts that a test names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from sentence_transformers import SentenceTransformer

from hbir.encoding.prompts import Side
from hbir.training.chunks import ChunkCost, chunk_cost
from hbir.training.forward import Forward
from hbir.training.inputs import Inputs, TextInputs, make_inputs
from hbir.training.prepare import prepare
from hbir.training.texts import PairTexts
from tests.training.conftest import make_params


def pair_texts(queries: Sequence[str], passages: Sequence[str]) -> PairTexts:
    """Make texts of one language; row i is pair i."""
    columns = {"query": queries, "passage": passages, "lang": ["aa"] * len(queries)}
    return PairTexts(pa.table({"pair_id": list(range(len(queries))), **columns}))


def text_forward(model: SentenceTransformer, texts: PairTexts, bf16: bool = False) -> Forward:
    """Tokenise every text whenever it comes."""
    return make_forward(model, TextInputs(model, texts), bf16)


def token_forward(
    model: SentenceTransformer, texts: PairTexts, folder: Path, cost: ChunkCost | None = None
) -> Forward:
    """Tokenise every text once."""
    return make_forward(model, make_inputs(model, texts, folder), False, cost)


def packed_forward(model: SentenceTransformer, texts: PairTexts, folder: Path, longest: int = 64) -> Forward:
    """Do all that a training does before its first step, at so many tokens in a chunk."""
    params = make_params(gradient_caching=longest, precision="fp32")
    return prepare(model, texts, params, tokens=folder / "tokens", tables=folder / "tables")[0]


def make_forward(
    model: SentenceTransformer, inputs: Inputs, bf16: bool, cost: ChunkCost | None = None
) -> Forward:
    return Forward(model, inputs, cost or chunk_cost(model, model.device), bf16)


def embed(model: SentenceTransformer, texts: Sequence[str], side: Side, bf16: bool = False) -> torch.Tensor:
    """Embed with gradients."""
    forward = text_forward(model, pair_texts(texts, texts), bf16)
    return forward.embed({side: np.arange(len(texts))})[side]
