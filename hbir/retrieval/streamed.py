"""Search the corpora of a streamed benchmark, one after the other, and rank its positives."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hbir.benchmarks.qrels import tolerate_unknown
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import MONOLINGUAL
from hbir.core.hashing import content_id
from hbir.encoding.ranks import ALONE, Ranks
from hbir.retrieval.index import Embed
from hbir.retrieval.room import require_room
from hbir.retrieval.source import Cache, Source
from hbir.retrieval.topk import TopK


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
    task: StreamedTask,
    queries: np.ndarray,
    embed: Embed,
    cache: Cache | None,
    size: int,
    k: int = 0,
    ranks: Ranks = ALONE,
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
        ranks: processes that share the work; all of them call this with the same arguments.

    Returns:
        The ranks of the positives.

    Raises:
        DataError: when an id comes twice in a corpus, too many relevant passages are in none, a line is broken,
            or the cached embeddings are of something else. All corpora are read through before any is embedded.
        ModelError: when an embedding cannot be used.
    """
    sources = {
        language: Source(task.name, language, corpus, cache, queries.shape[1])
        for language, corpus in task.corpora.items()
    }
    found = _Found(task, queries, k)
    counts = ranks.by_first(lambda: _check_corpora(task, found.keys, sources, cache, queries.shape[1]))
    for language, source in sources.items():
        chosen = found.asking(language)
        if len(chosen):
            best = source.search(queries[chosen], task.top_k, embed, size, ranks)
            if ranks.is_first:
                found.add(language, chosen, best)
    return ranks.by_first(lambda: found.ranked(counts))


class _Found:
    """Collect what is found in one corpus after the other."""

    def __init__(self, task: StreamedTask, queries: np.ndarray, k: int) -> None:
        judged = task.judged
        self.keys = np.array([content_id(name) for name in judged.passage_ids], dtype=np.int64)
        """Of the relevant passages."""
        self._pooled = set(judged.settings) != {MONOLINGUAL}
        self._query_langs, self._passage_langs = np.array(judged.query_langs), np.array(judged.passage_langs)
        self._positives = judged.positives(0, len(queries))  # (n, 2)
        self._in_language, self._everything = _Ranks(len(self._positives)), TopK(queries, task.top_k)
        self._k = k if self._pooled and k <= task.top_k else 0
        self._first: dict[str, np.ndarray] = {}  # language → (n_queries, k) keys of its best passages

    def asking(self, language: str) -> np.ndarray:
        """Return the queries that are searched in a corpus: (q,) int64."""
        return np.flatnonzero(self._pooled | (self._query_langs == language))

    def add(self, language: str, queries: np.ndarray, best: TopK) -> None:
        """Take what these queries found in a corpus."""
        languages = self._passage_langs[self._positives[:, 1]]
        asked = (languages == language) & np.isin(self._positives[:, 0], queries)
        self._in_language.fill(best, queries, np.flatnonzero(asked), self._positives, self.keys)
        if self._pooled:
            self._everything.merge(best.scores, best.keys)
            self._first[language] = best.keys[:, : self._k]

    def ranked(self, counts: dict[str, int]) -> RetrievedRanks:
        """Rank the positives in all corpora together, too."""
        merged, best = _Ranks(len(self._positives)), self._everything
        if self._pooled:
            every = np.arange(len(best.queries)), np.arange(len(self._positives))
            merged.fill(best, *every, self._positives, self.keys)
        return RetrievedRanks(
            counts=counts,
            rank_in_language=self._in_language.rank,
            pooled_rank=merged.rank if self._pooled else None,
            tied_in_language=self._in_language.tied,
            tied_pooled=merged.tied,
            first=_first_passages(list(counts), best, self._first, self._k) if self._k else None,
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


def _check_corpora(
    task: StreamedTask,
    keys: np.ndarray,
    sources: Mapping[str, Source],
    cache: Cache | None,
    dimension: int,
) -> dict[str, int]:
    """Return what is in the corpora, once it is known that they can be searched and embeddings kept."""
    counts = _check_known(task, keys, sources)
    if cache:
        missing = {
            source.kept.folder: counts[source.language]
            for source in sources.values()
            if source.kept and not source.index
        }
        require_room(cache.folder, missing, dimension)
    return counts


def _check_known(task: StreamedTask, keys: np.ndarray, sources: Mapping[str, Source]) -> dict[str, int]:
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
