"""Find pairs that say nearly the same as another pair."""

from collections.abc import Mapping
from zlib import crc32

from datasketch import MinHash, MinHashLSH

from hbir.collection.source import Pair
from hbir.core.seeds import derive_seed
from hbir.core.text import normalise

_GRAM = 5
_PERMUTATIONS = 64
_MISSED = 0.01
"""Largest share of the pairs exactly at the threshold that are no candidates; above it there are fewer."""


def near_duplicates(pairs: Mapping[int, Pair], threshold: float) -> set[int]:
    """Find the pairs whose question and passage are both nearly those of a pair that is kept.

    Pairs with keys come from templates, which make near-duplicates by design, and are passed over.

    Args:
        pairs: by id.
        threshold: Jaccard similarity of the sets of character 5-grams, from 0.1 to 1.

    Returns:
        The ids to leave out. Of each two the lower id is kept, so the order of the sources does not matter.

    Source: candidates by locality-sensitive hashing of MinHash, package datasketch, which may miss a pair
    near the threshold; each candidate is compared exactly.
    """
    index = MinHashLSH(num_perm=_PERMUTATIONS, params=bands(threshold))
    sketch = MinHash(_PERMUTATIONS, seed=derive_seed(0, "near duplicates") % 2**32, hashfunc=crc32)
    found = set()
    for pair_id in sorted(pair_id for pair_id, pair in pairs.items() if not pair.query_key):
        pair = pairs[pair_id]
        own = sketch.copy()
        # Both sides in one set: its similarity is never below the lesser of theirs, so no duplicate is lost,
        # and many questions about one short passage are no candidates of each other.
        own.update_batch(
            [f"{side}{gram}".encode() for side, text in enumerate(_sides(pair)) for gram in grams(text)]
        )
        if any(_alike(pair, pairs[other], threshold) for other in index.query(own)):
            found.add(pair_id)
        else:
            index.insert(pair_id, own)
    return found


def bands(threshold: float) -> tuple[int, int]:
    """Choose how selective the candidates are.

    Args:
        threshold: Jaccard similarity that must be found.

    Returns:
        Bands and permutations per band: the most of the latter that miss few enough.
    """
    fits = [
        (_PERMUTATIONS // rows, rows)
        for rows in range(1, _PERMUTATIONS // 2 + 1)
        if (1 - threshold**rows) ** (_PERMUTATIONS // rows) <= _MISSED
    ]
    return fits[-1]


def grams(text: str) -> set[str]:
    """List the character 5-grams of a text.

    Args:
        text: any text; it is normalised.

    Returns:
        Its 5-grams; the text itself where it is shorter.
    """
    folded = normalise(text)
    return {folded[start : start + _GRAM] for start in range(max(1, len(folded) - _GRAM + 1))}


def jaccard(one: str, other: str) -> float:
    """Compare two texts.

    Args:
        one: a text.
        other: a text.

    Returns:
        Shared over all 5-grams, in [0, 1].
    """
    left, right = grams(one), grams(other)
    return len(left & right) / len(left | right)


def _alike(pair: Pair, other: Pair, threshold: float) -> bool:
    return all(jaccard(*texts) >= threshold for texts in zip(_sides(pair), _sides(other), strict=True))


def _sides(pair: Pair) -> tuple[str, str]:
    return pair.query, pair.passage
