"""Prepare an encoder and the texts of the pairs for the steps of a training."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.encoding.prompts import SIDES
from hbir.training.checks import FLASH
from hbir.training.chunks import chunk_cost
from hbir.training.cpu import speed_up
from hbir.training.forward import Forward
from hbir.training.inputs import Text, TokenInputs, make_inputs
from hbir.training.packed_attention import ATTENTION
from hbir.training.packing import Packing, first_position, library_pads, packs, same_embeddings
from hbir.training.params import TrainParams
from hbir.training.precision import uses_bf16
from hbir.training.table import CompactTables, compact_tables
from hbir.training.texts import PairTexts

log = logging.getLogger(__name__)
_SAMPLE = 8
"""Texts of each side on which packed texts are compared with padded ones."""


def prepare(
    model: SentenceTransformer, texts: PairTexts, params: TrainParams, *, tokens: Path, tables: Path | None
) -> tuple[Forward, CompactTables]:
    """Tokenise all texts, keep the rows of the token table that occur, and do without padding where that works.

    Args:
        model: the encoder, changed in place.
        texts: of the pairs.
        params: of one sampler.
        tokens: folder of the token ids, by tokenizer and pairs.
        tables: folder of the whole token tables; None in a process that saves nothing.

    Returns:
        The forward pass, and the token tables.
    """
    with library_pads(model):
        inputs = make_inputs(model, texts, tokens)
    compact = CompactTables()
    if isinstance(inputs, TokenInputs):
        compact = compact_tables(model, inputs, params.weight_decay, tables)
    if model.device.type == "cpu":
        speed_up(model)
    forward = Forward(
        model, inputs, chunk_cost(model, model.device, params.gradient_caching), uses_bf16(params, model)
    )
    if isinstance(inputs, TokenInputs):
        if packs(model, [ATTENTION]):
            inputs.packing = _find_packing(replace(forward, bf16=False), inputs, tolerance=1e-4)
        elif packs(model, [FLASH]):
            inputs.packing = _find_packing(forward, inputs, tolerance=0.05)
    return forward, compact


def _find_packing(forward: Forward, inputs: TokenInputs, tolerance: float) -> Packing | None:
    packing = Packing(first_position(forward.model))
    rows = np.unique(np.linspace(0, inputs.count - 1, _SAMPLE).astype(np.int64)).tolist()
    for side in SIDES:
        texts: list[Text] = [(side, row) for row in rows]
        padded = inputs.features(texts)
        packed = {**packing.join(inputs.ids(texts)), **inputs.layouts[side].flags}
        with forward.precision():
            same = same_embeddings(forward.model, padded, packed, side, tolerance)
        if not same:
            log.info("texts are padded: without padding this encoder gives other embeddings")
            return None
    return packing
