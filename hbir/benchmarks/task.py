"""Define what every benchmark becomes: queries, passages and relevance, each with a language."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hbir.core.errors import DataError

SETTINGS = MONOLINGUAL, CROSS_LINGUAL, MULTILINGUAL = "monolingual", "cross_lingual", "multilingual"


@dataclass(frozen=True)
class Labels:
    """Say what is relevant by label: a passage is relevant to every query of its label."""

    queries: np.ndarray
    """(n_queries,) int64."""
    passages: np.ndarray
    """(n_passages,) int64."""

    def pairs(self, first: int, stop: int) -> np.ndarray:
        """List the positives of some queries.

        Args:
            first: index of the first query.
            stop: one past the last one.

        Returns:
            (n, 2) int64, query and passage index, sorted.
        """
        query, passage = np.nonzero(self.queries[first:stop, None] == self.passages)
        return np.stack([query + first, passage], axis=1)


def _per_query(task: "RetrievalTask") -> dict[str, Sequence[object] | None]:
    return {
        "query groups": task.query_groups,
        "clusters": task.clusters,
        "query keys": task.query_keys,
        "sets of judged languages": task.judged_langs,
    }


@dataclass(frozen=True, kw_only=True)
class RetrievalTask:
    """Hold a multilingual retrieval benchmark.

    Ids of queries and passages never share a namespace. Relevance is binary but for `grades`.
    """

    name: str
    version: str
    query_ids: list[str]
    queries: list[str]
    query_langs: list[str]
    passage_ids: list[str]
    passages: list[str]
    passage_langs: list[str]
    relevant: np.ndarray | Labels
    """(n_relevant, 2) int64: query index and passage index, sorted and unique; or labels."""
    grades: np.ndarray | None = None
    """(n_relevant,) float64 above 0, the gains of nDCG; None where all are 1, as with labels."""
    judged_langs: list[frozenset[str]] | None = None
    """Per query the languages of its judged passages, relevant or not. In the pool of such a language it scores
    0 if none of them is relevant, as trec_eval does. None where only relevant passages are known."""
    unjudged: int = 0
    """Queries of the benchmark's files that have no qrel and are not among `queries`."""
    query_groups: list[str] | None = None
    """An optional label per query, scored separately too."""
    bodies: list[str] | None = None
    """Per passage its own words, where `passages` has a title before or a context after them; else None."""
    clusters: list[str] | None = None
    """Per query what a resampling must keep together, such as the translations of one query; None where
    every query stands alone."""
    query_keys: list[str] | None = None
    """Per query what it shares with its translations alone; None where no query is known to have any."""
    measures: tuple[str, ...] = ("map",)
    """What the benchmark's own tables show, the main one first; names of `hbir.evaluation.measures`."""
    settings: tuple[str, ...] = SETTINGS
    """The settings that the benchmark defines."""

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        self._check_side("queries", self.query_ids, self.queries, self.query_langs)
        self._check_side("passages", self.passage_ids, self.passages, self.passage_langs)
        for what, labels in _per_query(self).items():
            if labels is not None and len(labels) != len(self.queries):
                raise self._error(f"{len(self.queries)} {what}", str(len(labels)))
        if self.bodies is not None and len(self.bodies) != len(self.passages):
            raise self._error(f"{len(self.passages)} bodies", str(len(self.bodies)))
        if isinstance(self.relevant, Labels):
            self._check_labels(self.relevant)
        else:
            self._check_relevant(self.relevant)

    @cached_property
    def languages(self) -> list[str]:
        """Return the languages of both sides, sorted."""
        return sorted({*self.query_langs, *self.passage_langs})

    def _check_side(self, side: str, ids: Sequence[str], texts: Sequence[str], langs: Sequence[str]) -> None:
        if not len(ids) == len(texts) == len(langs):
            raise self._error(
                f"as many ids and languages as {side}", f"{len(ids)}, {len(langs)} and {len(texts)}"
            )
        if not ids:
            raise self._error(f"at least one of the {side}", "none")
        if len(set(ids)) != len(ids):
            twice = Counter(ids).most_common(1)[0][0]
            raise self._error(f"{side} with ids of their own", f"{twice!r} more than once")

    @cached_property
    def query_codes(self) -> np.ndarray:
        """Return each query's index into `languages`: (n_queries,) int64."""
        return self._codes(self.query_langs)

    @cached_property
    def passage_codes(self) -> np.ndarray:
        """Return each passage's index into `languages`: (n_passages,) int64."""
        return self._codes(self.passage_langs)

    def _codes(self, langs: Sequence[str]) -> np.ndarray:
        place = {language: index for index, language in enumerate(self.languages)}
        return np.array([place[lang] for lang in langs], dtype=np.int64)

    def positives(self, first: int, stop: int) -> np.ndarray:
        """List the positives of some queries.

        Args:
            first: index of the first query.
            stop: one past the last one.

        Returns:
            (n, 2) int64, query and passage index, sorted.
        """
        if isinstance(self.relevant, Labels):
            return self.relevant.pairs(first, stop)
        return self.relevant[self._span(first, stop)]

    def gains(self, first: int, stop: int) -> np.ndarray:
        """Return the grades of the same positives.

        Args:
            first: index of the first query.
            stop: one past the last one.

        Returns:
            (n,) float64, 1 where the benchmark has no grades.
        """
        if self.grades is None:
            return np.ones(len(self.positives(first, stop)))
        return self.grades[self._span(first, stop)]

    def _span(self, first: int, stop: int) -> slice:
        pairs = np.empty((0, 2)) if isinstance(self.relevant, Labels) else self.relevant
        return slice(*np.searchsorted(pairs[:, 0], [first, stop]).tolist())

    def _check_labels(self, labels: Labels) -> None:
        shapes = labels.queries.shape, labels.passages.shape
        if shapes != ((len(self.queries),), (len(self.passages),)) or self.grades is not None:
            raise self._error("one label per query and passage and no grades", f"shapes {shapes}")

    def _check_relevant(self, pairs: np.ndarray) -> None:
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype != np.int64:
            raise self._error("relevant of shape (n, 2) int64", f"{pairs.shape} {pairs.dtype}")
        bounds = np.array([len(self.queries), len(self.passages)])
        if len(pairs) and ((pairs < 0).any() or (pairs >= bounds).any()):
            raise self._error("relevant indices within queries and passages", "one outside")
        order = pairs[:, 0] * len(self.passages) + pairs[:, 1]
        if (np.diff(order) <= 0).any():
            raise self._error("relevant sorted and without repetition", "another order or a repetition")
        if self.grades is not None and (self.grades.shape != (len(pairs),) or (self.grades <= 0).any()):
            raise self._error("one grade above 0 per relevant pair", f"shape {self.grades.shape}")

    def _error(self, expected: str, found: str) -> DataError:
        return DataError(
            where=f"benchmark {self.name}",
            expected=expected,
            found=found,
            hint="Check the benchmark's files.",
        )
