"""Validate on fixed batches, the same for every sampler."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import torch

from hbir.batching.examples import Example
from hbir.batching.inventory import Inventory
from hbir.batching.plan import Batch
from hbir.batching.pool import Pairing, Pool, same_language, two_languages
from hbir.batching.validation_pairs import ALL_SOURCES, validation_inventory
from hbir.batching.walk import Walk
from hbir.core.errors import DataError
from hbir.core.progress import Counted
from hbir.core.tables import Rows
from hbir.encoding.prompts import SIDES, Side
from hbir.encoding.ranks import ALONE, Ranks
from hbir.training.forward import Forward
from hbir.training.objective import info_nce
from hbir.training.params import ValidationParams
from hbir.training.sharded import gathered
from hbir.training.texts import PairTexts

_BLOCK = 512
"""Texts that are cut into chunks together."""


@dataclass
class Validation:
    """Hold the rows of the pairs once, and the batches as places in those rows."""

    temperature: float
    counts_cross_lingual: bool
    """Whether the cross-lingual half decides about the best checkpoint too."""
    rows: dict[Side, dict[int, int]] = field(default_factory=lambda: {side: {} for side in SIDES})
    """By side, the rows of the pairs, each with its place."""
    monolingual: list[np.ndarray] = field(default_factory=list)
    """(b, 2) each: places of a query and its passage."""
    cross_lingual: list[np.ndarray] = field(default_factory=list)
    """(b, 2) each."""


def make_validation(
    pairs: Rows, texts: PairTexts, params: ValidationParams, size: int, seed: int
) -> Validation:
    """Choose the batches once, from the validation pairs alone.

    Args:
        pairs: rows of `data/pairs.parquet`.
        texts: of the same pairs.
        params: the section `train.validation`.
        size: pairs in a batch, fewer where there are not so many.
        seed: the base seed.

    Returns:
        The batches: `params.batches` per language, and as many in all that mix languages row by row.

    Raises:
        DataError: when there are no validation pairs or not in a language that is asked for.
    """
    inventory = validation_inventory(pairs)
    languages = inventory.languages if params.monolingual == "all" else params.monolingual
    validation = Validation(params.temperature, params.cross_lingual)
    for lang in languages:
        drawn = _draw(inventory, [lang], same_language, size, params.batches, seed)
        if not drawn:
            raise _no_pairs(lang)
        validation.monolingual += [_placed(validation, texts, inventory, step) for step in drawn]
    count = params.batches * len(inventory.languages)
    drawn = _draw(inventory, inventory.languages, two_languages, size, count, seed)
    validation.cross_lingual += [_placed(validation, texts, inventory, step) for step in drawn]
    return validation


class Losses(TypedDict):
    """Tell one validation."""

    loss: float
    """What chooses the best checkpoint."""
    monolingual: float
    cross_lingual: float | None
    """None where there is only one language."""


def validate(forward: Forward, validation: Validation, ranks: Ranks = ALONE) -> Losses:
    """Compute the validation losses.

    Args:
        forward: the encoder.
        validation: the fixed batches.
        ranks: the processes, each of which embeds a part.

    Returns:
        The loss and its halves, to six decimals.
    """
    queries, passages = (
        _embed(forward, side, validation.rows[side], ranks) for side in SIDES
    )  # (n, d), (m, d)

    def mean(batches: Sequence[np.ndarray]) -> float:
        losses = [
            info_nce(queries[batch[:, 0]], passages[batch[:, 1]], validation.temperature) for batch in batches
        ]
        return round(float(torch.stack(losses).mean()), 6)

    monolingual = mean(validation.monolingual)
    if not validation.cross_lingual:
        return Losses(loss=monolingual, monolingual=monolingual, cross_lingual=None)
    cross_lingual = mean(validation.cross_lingual)
    loss = (monolingual + cross_lingual) / 2 if validation.counts_cross_lingual else monolingual
    return Losses(loss=round(loss, 6), monolingual=monolingual, cross_lingual=cross_lingual)


def _embed(forward: Forward, side: Side, places: dict[int, int], ranks: Ranks) -> torch.Tensor:
    """Embed rows of one side without gradients and without dropout."""
    every = np.array(list(places), dtype=np.int64)
    mine = np.arange(ranks.place.rank, len(every), ranks.size)
    rows = every[mine]
    forward.model.eval()
    blocks = []
    with torch.no_grad(), Counted(f"validating, {side}", len(rows), "texts", bar=False) as counted:
        for begin in range(0, len(rows), _BLOCK):
            block = rows[begin : begin + _BLOCK]
            blocks.append(forward.embed({side: block})[side])
            counted.add(len(block))
    embedded = torch.cat(blocks) if blocks else torch.empty(0)
    if ranks.size > 1:
        embedded = gathered(embedded, mine, len(every), forward, ranks)
    return embedded.float().cpu()  # (n, d)


def _draw(
    inventory: Inventory, languages: Sequence[str], pairing: Pairing, size: int, batches: int, seed: int
) -> list[list[Example]]:
    pool = Pool.of(inventory, ALL_SOURCES, languages, pairing)
    size = min(size, len(pool.apart(size)))
    if size < 2:
        return []
    walk = Walk(("validation", *languages), pool, size, seed)
    return [walk.next_step() for _ in range(batches)]


def _placed(validation: Validation, texts: PairTexts, inventory: Inventory, step: list[Example]) -> np.ndarray:
    langs = inventory.languages
    batch = Batch(
        pair_ids=inventory.pair_ids[[example.row for example in step]],
        query_langs=[langs[example.query_lang] for example in step],
        passage_langs=[langs[example.passage_lang] for example in step],
    )
    places = [_places(validation.rows[side], rows) for side, rows in texts.rows(batch).items()]
    return np.stack(places, axis=1)  # (b, 2)


def _places(known: dict[int, int], rows: np.ndarray) -> list[int]:
    return [known.setdefault(row, len(known)) for row in rows.tolist()]


def _no_pairs(lang: str) -> DataError:
    return DataError(
        where="data/pairs.parquet",
        expected=f"at least two validation pairs in {lang}",
        found="fewer",
        hint="Add pairs, or leave the language out of train.validation.monolingual.",
    )
