"""Evaluate scores or a run on a benchmark: the one entrance to this package."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import CROSS_LINGUAL, MONOLINGUAL, MULTILINGUAL, RetrievalTask
from hbir.evaluation.bias_suite import BiasSuite, count_undefined
from hbir.evaluation.cells import cell_table, macro_means, query_table
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.evaluation.query_scores import (
    QueryScores,
    languages_per_query,
    pooled_rankings,
    score_queries,
    score_without_relevant,
)
from hbir.evaluation.ranking import PositiveRanks, rank_chunks
from hbir.evaluation.runs import Run, rank_run, warn_of_cut
from hbir.evaluation.summary import Counts, ScoredTask, Settings, Summary
from hbir.evaluation.top import Pool


@dataclass(frozen=True, kw_only=True)
class Evaluation(Summary):
    """Hold what one model, or one run, reached on one benchmark, down to every query.

    A setting that is absent from `settings` is absent from `counts`, `cells` and `queries` too.
    """

    cells: pa.Table
    """Means per setting, query language and pool."""
    queries: pa.Table
    """Scores per setting, query and pool."""
    preferences: pa.Table | None = None
    """Which languages the queries of a language prefer; None where nobody asked, or no pool has several."""


def evaluate(
    task: RetrievalTask,
    score_chunks: Iterable[np.ndarray],
    tie_order: np.ndarray | None = None,
    language_bias: bool = True,
) -> Evaluation:
    """Score every setting exactly, in one pass over the scores.

    Args:
        task: the benchmark.
        score_chunks: (chunk, n_passages) scores, together one row per query in the task's order.
        tie_order: (n_passages,) int64, distinct; of equal scores the smaller number ranks first. A hash of the
            ids when None.
        language_bias: whether to measure language bias further than by rank distance.

    Returns:
        The evaluation.

    Raises:
        DataError: when the scores have another shape than the task, or one is NaN.
    """
    top = language_bias and MULTILINGUAL in task.settings
    ranks = rank_chunks(task, score_chunks, tie_order, top)
    return evaluate_ranks(task, ranks, language_bias=language_bias)


def evaluate_run(task: RetrievalTask, run: Run, tie_order: np.ndarray | None = None) -> Evaluation:
    """Score every setting by a retrieved run over the pool of all languages.

    Args:
        task: the benchmark.
        run: ranked or scored passages per query; what it lacks counts as not retrieved.
        tie_order: (n_passages,) int64, orders passages of equal score; a hash of the ids when None.

    Returns:
        The evaluation; without rank distance unless all relevant passages were retrieved. Where some were not,
        a warning says how deep the run is: mAP is called `map` all the same, as trec_eval calls it.

    Raises:
        DataError: when an id is unknown, a passage is listed twice for a query, or a score is NaN.
    """
    found = evaluate_ranks(task, [rank_run(task, run, tie_order)])
    if found.counts.not_retrieved:
        warn_of_cut(task, run, found.counts.not_retrieved)
    return found


def evaluate_ranks(
    task: RetrievalTask,
    parts: Iterable[PositiveRanks],
    top_k: int | None = None,
    language_bias: bool = True,
    pool: Pool | None = None,
) -> Evaluation:
    """Score the ranks of the positives, some queries after the other.

    Args:
        task: the benchmark.
        parts: the ranks, together of all queries.
        top_k: passages retrieved per query and pool; None where all were ranked. mAP is then `map@<top_k>`.
        language_bias: whether to measure language bias further than by rank distance.
        pool: what queries are ranked against in all languages; None: the passages that the task holds.

    Returns:
        The evaluation; without rank distance unless all relevant passages were retrieved.
    """
    scored, tally = [score_without_relevant(task, top_k)], _Tally(task)
    bias = BiasSuite(task, pool or Pool.of(task)) if language_bias and MULTILINGUAL in task.settings else None
    for ranks in parts:
        pooled = pooled_rankings(task, ranks, len(task.passages) if top_k is None else None)
        scored.append(score_queries(task, ranks, pooled, top_k))
        tally.add(ranks)
        if bias and pooled is not None:
            bias.add(pooled, ranks.top)
    scores = QueryScores.joined(scored)
    if tally.missed:
        scores.values[:, scores.names.index(RANK_DISTANCE)] = np.nan
    if bias:
        scores = bias.beside(scores, bool(tally.missed), top_k)
    cells = cell_table(task, scores, np.ones(len(task.queries), dtype=bool))
    return Evaluation(
        task=ScoredTask(
            name=task.name,
            version=task.version,
            languages=task.languages,
            queries=len(task.queries),
            passages=len(task.passages),
            measures=list(task.measures),
        ),
        settings=macro_means(cells),
        groups=_by_group(task, scores),
        counts=replace(tally.counts(cells), without_bias=count_undefined(scores) if bias else None),
        cells=cells,
        queries=query_table(task, scores),
        preferences=bias.preferences(bool(tally.missed)) if bias else None,
    )


def merged(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Put the evaluations of a benchmark's tasks together: each has pools of its own, the means are over all.

    Args:
        evaluations: at least one, without groups if there are several.

    Returns:
        One evaluation; its settings are means over the cells of all.
    """
    if len(evaluations) == 1:
        return evaluations[0]
    tasks = [evaluation.task for evaluation in evaluations]
    cells = pa.concat_tables([evaluation.cells for evaluation in evaluations])
    return Evaluation(
        task=replace(
            tasks[0],
            languages=sorted({language for task in tasks for language in task.languages}),
            queries=sum(task.queries for task in tasks),
            passages=sum(task.passages for task in tasks),
        ),
        settings=macro_means(cells),
        groups={},
        counts=Counts.total([evaluation.counts for evaluation in evaluations]),
        cells=cells,
        queries=pa.concat_tables([evaluation.queries for evaluation in evaluations]),
    )


def _by_group(task: RetrievalTask, scores: QueryScores) -> dict[str, Settings]:
    group = np.array(task.query_groups or [])
    return {str(name): macro_means(cell_table(task, scores, group == name)) for name in np.unique(group)}


class _Tally:
    """Add up counts over the ranks of some queries after the other."""

    def __init__(self, task: RetrievalTask) -> None:
        self._task = task
        self._positives: Counter[str] = Counter()
        self._tied: Counter[str] = Counter()
        self._answered = self._one_language = self.missed = 0

    def add(self, ranks: PositiveRanks) -> None:
        """Count the positives of some queries, all of which are given."""
        same = self._task.query_codes[ranks.query] == self._task.passage_codes[ranks.passage]  # (n_positives,)
        tied = {
            MONOLINGUAL: ranks.tied_in_language[same],
            CROSS_LINGUAL: ranks.tied_in_language[~same],
            MULTILINGUAL: ranks.tied_pooled,
        }
        self._positives.update({setting: len(rows) for setting, rows in tied.items()})
        self._tied.update({setting: int(np.count_nonzero(rows)) for setting, rows in tied.items()})
        languages = languages_per_query(self._task, ranks)
        self._answered += len(languages)
        self._one_language += int(np.count_nonzero(languages == 1))
        retrieved = ranks.rank_in_language if ranks.pooled_rank is None else ranks.pooled_rank
        self.missed += int(np.count_nonzero(retrieved == 0))

    def counts(self, cells: pa.Table) -> Counts:
        """Return the counts of the settings that some cells have."""
        left_out: Counter[str] = Counter(dict.fromkeys(cells["setting"].to_pylist(), 0))
        for setting, number in zip(cells["setting"].to_pylist(), cells["n_left_out"].to_pylist(), strict=True):
            left_out[setting] += number
        judged = self._task.judged_langs
        without_relevant = sum(map(bool, judged)) - self._answered if judged else 0
        return Counts(
            positives={setting: self._positives[setting] for setting in left_out},
            tied_positives={setting: self._tied[setting] for setting in left_out},
            left_out=dict(left_out),
            unjudged=self._task.unjudged + len(self._task.queries) - self._answered - without_relevant,
            without_relevant=without_relevant,
            without_rank_distance=self._one_language if MULTILINGUAL in left_out else None,
            not_retrieved=self.missed,
        )
