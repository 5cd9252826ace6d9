"""Compare the search of a corpus that streams from the disk with one of everything in memory."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import faiss
import numpy as np

from hbir.benchmarks.streamed import Passage, StreamedTask
from hbir.benchmarks.task import MONOLINGUAL, RetrievalTask
from hbir.retrieval.source import Cache
from hbir.retrieval.streamed import search_streamed
from perf.child import peak_memory
from perf.compare import Comparison, Goal, seconds

DIMENSION, QUERIES, TOP_K, CHUNK = 256, 1000, 100, 32768
SMALL, LARGE = 100_000, 400_000


class Numbers:
    """Stream passages that are nothing but a number."""

    def __init__(self, passages: int) -> None:
        self.passages = passages

    def __iter__(self) -> Iterator[Passage]:
        """Count."""
        return (Passage(str(number), str(number)) for number in range(self.passages))

    def fingerprint(self) -> str:
        """Return what depends on the count alone."""
        return hashlib.sha256(str(self.passages).encode()).hexdigest()


def comparisons() -> list[Comparison]:
    """Compare time with faiss, and memory with faiss and with that for a smaller corpus.

    Returns:
        Three comparisons.
    """
    name = f"search of a streamed corpus, {LARGE:,} passages, {QUERIES:,} queries, top {TOP_K}"
    return [
        Comparison(
            name=f"{name}: time",
            peer="faiss.IndexFlatIP over everything in memory",
            unit="s",
            goal=Goal.at_most(1.2),
            measure_ours=lambda: seconds(lambda: search(LARGE, folder(LARGE))),
            measure_peer=lambda: seconds(lambda: flat(LARGE).search(queries(), task(LARGE).top_k)),
            warm_up=True,
            note="ours reads float16 from the disk; the peer has float32 in memory, loaded before",
            expected_s=40,
        ),
        Comparison(
            name=f"{name}: memory",
            peer=f"the same of {SMALL:,} passages",
            unit="MB",
            goal=Goal.at_most(1.1),
            measure_ours=lambda: peak_memory(search, LARGE, folder(LARGE)),
            measure_peer=lambda: peak_memory(search, SMALL, folder(SMALL)),
            note="independent of the corpus; above what importing takes",
            expected_s=50,
        ),
        Comparison(
            name=f"{name}: memory beside faiss",
            peer="faiss.IndexFlatIP over everything in memory",
            unit="MB",
            goal=None,
            measure_ours=lambda: peak_memory(search, LARGE, folder(LARGE)),
            measure_peer=lambda: peak_memory(search_flat, LARGE),
            note="above what importing takes",
            repeats=3,
            expected_s=40,
        ),
    ]


@cache
def task(passages: int) -> StreamedTask:
    """Make a task in which every query has one relevant passage.

    Args:
        passages: the size of the corpus.

    Returns:
        1,000 queries in one language.
    """
    relevant = np.linspace(0, passages - 1, QUERIES, dtype=np.int64).tolist()
    judged = RetrievalTask(
        name="synthetic",
        version="1",
        query_ids=[f"sw:q{i}" for i in range(QUERIES)],
        queries=["?"] * QUERIES,
        query_langs=["sw"] * QUERIES,
        passage_ids=[f"sw:{number}" for number in relevant],
        passages=[""] * QUERIES,
        passage_langs=["sw"] * QUERIES,
        relevant=np.repeat(np.arange(QUERIES), 2).reshape(-1, 2),
        settings=(MONOLINGUAL,),
    )
    return StreamedTask(judged=judged, corpora={"sw": Numbers(passages)}, top_k=TOP_K)


@cache
def folder(passages: int) -> Path:
    """Embed the corpus once and keep it.

    Args:
        passages: the size of the corpus.

    Returns:
        A folder that goes with this process.
    """
    place = tempfile.TemporaryDirectory(prefix="hbir-bench-")
    _KEPT.append(place)
    search(passages, Path(place.name))
    return Path(place.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def queries() -> np.ndarray:
    """Return (1,000, 256) float32 random embeddings, always the same."""
    return np.random.default_rng(2).standard_normal((QUERIES, DIMENSION), dtype=np.float32)


def search(passages: int, kept: Path) -> None:
    """Search the corpus from the disk; embed it first where it is not there.

    Args:
        passages: the size of the corpus.
        kept: where its embeddings are, or will be.
    """
    search_streamed(task(passages), queries(), _embedder(), Cache(kept, "random"), CHUNK)


@cache
def flat(passages: int) -> faiss.IndexFlatIP:
    """Hold everything in memory.

    Args:
        passages: the size of the corpus.

    Returns:
        The index, with the same embeddings.
    """
    index, embed = faiss.IndexFlatIP(DIMENSION), _embedder()
    for first in range(0, passages, CHUNK):
        index.add(embed([""] * min(CHUNK, passages - first)))
    return index


def search_flat(passages: int) -> None:
    """Hold everything in memory and search it.

    Args:
        passages: the size of the corpus.
    """
    flat(passages).search(queries(), task(passages).top_k)


def _embedder() -> Callable[[list[str]], np.ndarray]:
    """Return what embeds texts with random numbers, in the same order of calls always the same."""
    rng = np.random.default_rng(1)
    return lambda texts: rng.standard_normal((len(texts), DIMENSION), dtype=np.float32)
