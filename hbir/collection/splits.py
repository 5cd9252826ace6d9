"""Divide pairs into training and validation so that neither knows the other's texts."""

from collections.abc import Iterator, Mapping
from itertools import chain

from hbir.collection.source import Pair
from hbir.core.hashing import content_id
from hbir.core.schemas import TRAIN, VALIDATION
from hbir.core.seeds import derive_seed
from hbir.core.text import normalise


def side_of(pair: Pair, validation: float) -> str:
    """Tell on which side a pair falls.

    Args:
        pair: a pair; its own split comes first.
        validation: share of the groups for validation.

    Returns:
        `train` or `validation`, the same for all pairs of a group in every run and every source.
    """
    if pair.split:
        return pair.split
    group = pair.group or normalise(pair.passage)
    return VALIDATION if derive_seed(0, "validation", group) < validation * 2**63 else TRAIN


def straddling(pairs: Mapping[int, Pair]) -> dict[int, str]:
    """Find validation pairs that share a query or a passage with a training pair in any language.

    Two documents may both ask "What is it?". Joining all that share anything would join nearly everything, so
    the few on the validation side are left out instead.

    Args:
        pairs: by id, with their splits; those with keys have been divided by what the keys mean.

    Returns:
        Id → the reason, for those to leave out.
    """
    texts = {pair_id: pair for pair_id, pair in pairs.items() if not pair.query_key}
    held = {pair_id: list(_ids(pair)) for pair_id, pair in texts.items() if pair.split == VALIDATION}
    wanted = {text for ids in held.values() for text in chain.from_iterable(ids)}
    trained = {
        text
        for pair in texts.values()
        if pair.split == TRAIN
        for text in chain.from_iterable(_ids(pair))
        if text in wanted
    }
    return {
        pair_id: f"validation pair with a training pair's {'query' if shared[0] else 'passage'}"
        for pair_id, ids in held.items()
        if any(shared := [not trained.isdisjoint(side) for side in zip(*ids, strict=True)])
    }


def _ids(pair: Pair) -> Iterator[tuple[int, int]]:
    """Return a query's and a passage's id for every language."""
    for lang, (query, passage) in pair.texts():
        yield content_id("query", lang, normalise(query)), content_id("passage", lang, normalise(passage))
