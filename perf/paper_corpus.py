"""Make an inventory of the paper's sizes: numbers for texts, so that no text is needed."""

from dataclasses import dataclass

import numpy as np

from hbir.batching.inventory import Inventory

ALL = ("ar", "de", "en", "es", "hi", "ru", "th", "tr", "zh")
MMARCO = ("ar", "de", "en", "es", "hi", "ru", "zh")


@dataclass(frozen=True)
class Source:
    """Describe a source of training pairs."""

    name: str
    pairs: int
    """Of arXiv 2408.10536; of SQuAD 1.1 those of its training file."""
    queries: int
    """Different ones, roughly as in the original: MS MARCO has half a million."""
    passages: int
    """Different ones, roughly: several pairs share an article, a film or an answer."""
    languages: tuple[str, ...] = ALL


SOURCES = (
    Source("wikiqa", 1_469, 1_200, 1_400),
    Source("duorc", 33_298, 33_000, 7_700),
    Source("newsqa", 59_496, 58_000, 12_700),
    Source("nq", 113_535, 113_000, 95_000),
    Source("yahooqa", 135_557, 135_000, 135_000),
    Source("entityquestions", 176_975, 176_000, 60_000),
    Source("mrtydi", 3_547, 3_500, 3_300, ("en",)),
    Source("mfaq", 3_567_659, 3_300_000, 3_300_000, ("en",)),
    Source("mmarco", 39_780_811, 530_000, 530_000, MMARCO),
    Source("squad", 87_599, 87_000, 18_900),
)
"""The nine of the paper, and SQuAD."""


def paper_inventory(share: float = 1.0, seed: int = 1) -> Inventory:
    """Make the inventory: 44 million pairs of ten sources in nine languages, in 4.1 GB.

    Args:
        share: of the pairs of each source; they stay as likely to share a query or passage as in the whole.
        seed: of which pairs share what.

    Returns:
        The inventory; its pairs stand in random order, as hashes of texts do.
    """
    rng = np.random.default_rng(seed)
    sizes = [max(400, round(source.pairs * share)) for source in SOURCES]
    source = np.repeat(np.arange(len(SOURCES), dtype=np.int8), sizes)
    rng.shuffle(source)
    queries, passages = (_groups(rng, source, name) for name in ("queries", "passages"))
    has = np.array([[language in each.languages for language in ALL] for each in SOURCES])  # (s, l)
    most = int(max(queries.max(), passages.max())) + 1
    return Inventory(
        languages=list(ALL),
        sources=[each.name for each in SOURCES],
        pair_ids=np.arange(len(source), dtype=np.int64) * 7 + 1,
        source=source,
        sets=has,
        set_of=source.astype(np.uint8),
        passages=passages,
        queries=queries + np.int32(most),
        passage_texts=_texts(passages, has, source, 2 * most),
        query_texts=_texts(queries, has, source, (2 + len(ALL)) * most),
    )


def _groups(rng: np.random.Generator, source: np.ndarray, what: str) -> np.ndarray:
    """Draw which query or passage each pair has: (n,) int32, above 0, none in two sources."""
    counts = np.array([getattr(each, what) for each in SOURCES])
    starts = 1 + np.cumsum(counts) - counts
    drawn = np.empty(len(source), dtype=np.int32)
    for number, (start, count) in enumerate(zip(starts, counts, strict=True)):
        rows = np.flatnonzero(source == number)
        drawn[rows] = start + rng.integers(count, size=len(rows), dtype=np.int32)
    return drawn


def _texts(groups: np.ndarray, has: np.ndarray, source: np.ndarray, start: int) -> np.ndarray:
    """Give each group a text in each of its languages: (n, l) int32, 0 where a pair lacks the language."""
    width = has.shape[1]
    texts = np.empty((len(groups), width), dtype=np.int32)
    for lang in range(width):
        texts[:, lang] = np.where(has[source, lang], start + groups * np.int32(width) + np.int32(lang), 0)
    return texts
