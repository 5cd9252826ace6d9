"""Search the corpora of a streamed benchmark, one after the other, and rank its positives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.benchmarks.qrels import tolerate_unknown
from hbir.benchmarks.streamed import Corpus, StreamedTask
from hbir.benchmarks.task import MONOLINGUAL
from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.retrieval.index import (
    Chunk,
    Embed,
    Index,
    Keyed,
    Recipe,
    build_index,
    check_dimension,
    embedded,
    find_index,
)
from hbir.retrieval.room import require_room
from hbir.retrieval.topk import TopK

_READ = 1 << 24
"""Numbers read from kept embeddings at once: 32 MiB, and 64 as float32. Fewer are searched more slowly."""


class Cache(NamedTuple):
    """Say where embeddings are kept, and of which encoder."""

    folder: Path
    """For all benchmarks, languages and encoders."""
    encoder: str
    """Fingerprint of the encoder."""


@dataclass(frozen=True, kw_only=True)
class RetrievedRanks:
    """Hold the ranks of the positives in the order of `task.judged.positives`; each array has shape (n,)."""

    counts: dict[str, int]
    """Language → passages in its corpus; the task's languages in their order, then those of corpora alone."""
    rank_in_language: np.ndarray
    """int64 from 1 in the corpus of the passage's language; 0 where it was not retrieved."""
    pooled_rank: np.ndarray | None
    """int64, the same in all corpora together; None where queries were searched in their own language alone."""
    tied_in_language: np.ndarray
    """bool, whether another retrieved passage of its language has the same score."""
    tied_pooled: np.ndarray
    """bool, whether another retrieved passage has the same score."""
    first: tuple[np.ndarray, np.ndarray] | None
    """(n_queries, k) int64 each: keys of the best passages, best first, and indices of their languages in
    `counts`, −1 where there are fewer; None where nobody asked, queries were searched in their own language
    alone, or fewer than k were retrieved."""

    @property
    def passages(self) -> int:
        """Return how many there are in all corpora."""
        return sum(self.counts.values())


def search_streamed(
    task: StreamedTask, queries: np.ndarray, embed: Embed, cache: Cache | None, size: int, k: int = 0
) -> RetrievedRanks:
    """Retrieve the best passages of every query and find the positives among them.

    Where the benchmark has another setting than monolingual, every query is searched in every corpus; else in
    that of its language. Passages are embedded in chunks and rounded to float16, kept or not. Of equal scores
    the smaller hash of the id ranks first, as in the exact ranking.

    Args:
        task: the benchmark.
        queries: (n_queries, d) embeddings.
        embed: embeds passages.
        cache: where their embeddings are kept and found again; None embeds them every time.
        size: passages embedded at once.
        k: the first so many passages of every query are told, too; 0 for none.

    Returns:
        The ranks of the positives.

    Raises:
        DataError: when an id comes twice in a corpus, too many relevant passages are in none, a line is broken,
            or the cached embeddings are of something else. All corpora are read through before any is embedded.
        ModelError: when an embedding cannot be used.
    """
    sources = {
        language: _Source(task, language, corpus, cache, queries.shape[1])
        for language, corpus in task.corpora.items()
    }
    passage_keys = np.array([content_id(name) for name in task.judged.passage_ids], dtype=np.int64)
    counts = _check_known(task, passage_keys, sources)
    if cache:
        missing = {source.folder: counts[source.language] for source in sources.values() if not source.index}
        require_room(cache.folder, missing, queries.shape[1])
    pooled = set(task.judged.settings) != {MONOLINGUAL}
    query_langs, passage_langs = np.array(task.judged.query_langs), np.array(task.judged.passage_langs)
    positives = task.judged.positives(0, len(queries))  # (n, 2)
    in_language, everything = _Ranks(len(positives)), TopK(queries, task.top_k)
    first: dict[str, np.ndarray] = {}  # language → (n_queries, k) keys of its best passages
    for language, source in sources.items():
        chosen = np.flatnonzero(pooled | (query_langs == language))
        if not len(chosen):
            continue
        best = TopK(queries[chosen], task.top_k)
        for chunk in source.chunks(embed, size):
            best.add(chunk.embeddings, chunk.keys)
        asked = (passage_langs[positives[:, 1]] == language) & np.isin(positives[:, 0], chosen)
        in_language.fill(best, chosen, np.flatnonzero(asked), positives, passage_keys)
        if pooled:
            everything.merge(best.scores, best.keys)
            first[language] = best.keys[:, :k]
    merged, told = _Ranks(len(positives)), pooled and 0 < k <= task.top_k
    if pooled:
        merged.fill(everything, np.arange(len(queries)), np.arange(len(positives)), positives, passage_keys)
    return RetrievedRanks(
        counts=counts,
        rank_in_language=in_language.rank,
        pooled_rank=merged.rank if pooled else None,
        tied_in_language=in_language.tied,
        tied_pooled=merged.tied,
        first=_first_passages(list(counts), everything, first, k) if told else None,
    )


def _first_passages(
    languages: list[str], best: TopK, first: Mapping[str, np.ndarray], k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tell the languages of the best passages: the first k of all are among the first k of theirs."""
    keys = best.keys[:, :k]  # (n, k)
    lang = np.full(keys.shape, -1)
    for language, held in first.items():
        own = (keys[:, :, None] == held[:, None, :]).any(axis=2)
        lang[own & best.found[:, :k]] = languages.index(language)
    return keys, lang


class _Ranks:
    """Hold rank and tie of every positive."""

    def __init__(self, n: int) -> None:
        self.rank, self.tied = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)

    def fill(
        self, best: TopK, queries: np.ndarray, rows: np.ndarray, positives: np.ndarray, keys: np.ndarray
    ) -> None:
        """Find the positives of some rows in the lists of some queries."""
        place = np.searchsorted(queries, positives[rows, 0])  # (r,)
        for row, query in zip(rows, place, strict=True):
            hit = (best.keys[query] == keys[positives[row, 1]]) & best.found[query]  # (k,)
            if hit.any():
                self.rank[row] = hit.argmax() + 1
                self.tied[row] = np.count_nonzero(best.scores[query] == best.scores[query][hit]) > 1


class _Source:
    """Give the embedded passages of one language, from disk where they are kept there."""

    def __init__(
        self, task: StreamedTask, language: str, corpus: Corpus, cache: Cache | None, dimension: int
    ) -> None:
        self.where = f"benchmark {task.name}, corpus {language}"
        self.language, self.corpus, self.dimension = language, corpus, dimension
        self.folder = self.recipe = None
        self.index: Index | None = None
        if cache:
            self.folder = cache.folder / task.name / f"{language}-{cache.encoder[:12]}"
            self.recipe = Recipe(corpus.fingerprint(), cache.encoder, dimension)
            self.index = find_index(self.folder, self.recipe)

    def key_parts(self) -> Iterator[np.ndarray]:
        """Give the hash of every id, (count,) int64 in all, once it is known that none comes twice.

        Where embeddings are kept that was known before; a corpus that is read for the first time takes 8 bytes
        of memory per passage meanwhile.
        """
        if self.index:
            yield from self.index.key_parts()
            return
        keys = np.fromiter((passage.key for passage in self._passages()), dtype=np.int64)  # (count,)
        keys.sort()
        if (again := keys[1:][keys[1:] == keys[:-1]]).size:
            raise self._twice(set(again.tolist()))
        yield keys

    def chunks(self, embed: Embed, size: int) -> Iterator[Chunk]:
        if self.folder and self.recipe and not self.index:
            self.index = build_index(self.folder, self._passages(), embed, self.recipe, size)
        if self.index:
            yield from self.index.chunks(max(1, _READ // self.dimension))
            return
        for chunk in embedded(self._passages(), embed, size):
            check_dimension(chunk, self.dimension)
            yield chunk

    def _passages(self) -> Iterator[Keyed]:
        return (Keyed(content_id(f"{self.language}:{passage.id}"), passage.text) for passage in self.corpus)

    def _twice(self, keys: set[int]) -> DataError:
        ids = (passage.id for passage in self.corpus if content_id(f"{self.language}:{passage.id}") in keys)
        return DataError(
            where=self.where,
            expected="passages with ids of their own",
            found=f"{next(ids)!r} more than once",
            hint="Check the corpus files; one of them may be there twice.",
        )


def _check_known(task: StreamedTask, keys: np.ndarray, sources: Mapping[str, _Source]) -> dict[str, int]:
    """Return what is in the corpora, once it is known that the relevant passages are among it."""
    seen = np.zeros(len(keys), dtype=bool)
    counts = dict.fromkeys([*task.judged.languages, *sources], 0)
    for language, source in sources.items():
        for held in source.key_parts():
            counts[language] += len(held)
            held.sort()
            seen |= np.searchsorted(held, keys, "right") > np.searchsorted(held, keys, "left")
    unknown = [task.judged.passage_ids[number] for number in np.flatnonzero(~seen)]
    tolerate_unknown(unknown, len(keys), "relevant passages", f"benchmark {task.name}", task.unknown_share)
    return counts
