"""Divide pairs into training and validation so that neither knows the other's texts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from hbir.collection.pair_store import Numbered
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


def straddling(pairs: Iterable[Numbered]) -> dict[int, str]:
    """Find validation pairs that share a query or a passage with a training pair in any language.

    Two documents may both ask "What is it?". Joining all that share anything would join nearly everything, so
    the few on the validation side are left out instead.

    Args:
        pairs: with their splits, gone through three times; those with keys have been divided by what the keys
            mean.

    Returns:
        Place → the reason, for those to leave out.
    """
    wanted = np.unique(_hashes(pairs, VALIDATION))  # (w,)
    trained = np.zeros(len(wanted), bool)
    for numbered in _of(pairs, TRAIN) if len(wanted) else ():
        places, are_there = _found(list(_ids(numbered.pair)), wanted)
        trained[places[are_there]] = True
    found = wanted[trained]
    shared = {}
    for numbered in _of(pairs, VALIDATION) if len(found) else ():
        are_there = _found(list(_ids(numbered.pair)), found)[1]
        if are_there.any():
            side = "query" if are_there[:, 0].any() else "passage"
            shared[numbered.place] = f"validation pair with a training pair's {side}"
    return shared


def _found(ids: Sequence[tuple[int, int]], known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look for ids among ordered ones: (l, 2) places, and (l, 2) bool, whether they are there."""
    wanted = np.array(ids, np.int64)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return places, known[places] == wanted


def _of(pairs: Iterable[Numbered], split: str) -> Iterator[Numbered]:
    return (numbered for numbered in pairs if numbered.pair.split == split and not numbered.pair.query_key)


def _hashes(pairs: Iterable[Numbered], split: str) -> np.ndarray:
    """Hash all texts of a split, 8 bytes each."""
    ids = chain.from_iterable(chain.from_iterable(_ids(numbered.pair)) for numbered in _of(pairs, split))
    return np.fromiter(ids, np.int64)


def _ids(pair: Pair) -> Iterator[tuple[int, int]]:
    """Return a query's and a passage's id for every language."""
    for lang, (query, passage) in pair.texts():
        yield content_id("query", lang, normalise(query)), content_id("passage", lang, normalise(passage))
