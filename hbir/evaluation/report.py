"""Evaluate scores or a run on a benchmark: the one entrance to this package."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.ranking import PositiveRanks, rank_chunks
from hbir.evaluation.runs import Run, rank_run
from hbir.evaluation.settings import (
    QueryScores,
    Settings,
    cell_table,
    macro_means,
    query_table,
    score_queries,
)
from hbir.evaluation.tally import Tally


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Hold what one model, or one run, reached on one benchmark.

    A setting in which no query is scored, such as cross_lingual in a benchmark of one language, is absent from
    `settings`, `counts`, `cells` and `queries` alike.
    """

    task: dict[str, Any]
    """Name, version, languages and main measures of the benchmark, and its numbers of queries and passages."""
    settings: Settings
    """Setting → measure → mean over languages or ordered pairs of languages."""
    groups: dict[str, Settings]
    """The same for the queries of each group alone; empty when the benchmark has no groups."""
    counts: dict[str, Any]
    """Per setting `positives`, `tied_positives` and `left_out` (a query counts for each pool without a relevant
    passage); in all `single_positive_queries`, whose rank distance is 0, and `not_retrieved` positives."""
    cells: pa.Table
    """Means per setting, query language and pool."""
    queries: pa.Table
    """Scores per setting, query and pool."""


def evaluate(
    task: RetrievalTask, score_chunks: Iterable[np.ndarray], tie_order: np.ndarray | None = None
) -> Evaluation:
    """Score every setting exactly, in one pass over the scores.

    Args:
        task: the benchmark.
        score_chunks: (chunk, n_passages) scores, together one row per query in the task's order.
        tie_order: (n_passages,) int64, distinct; of equal scores the smaller number ranks first. A hash of the
            ids when None.

    Returns:
        The evaluation.

    Raises:
        DataError: when the scores have another shape than the task, or one is NaN.
    """
    return evaluate_ranks(task, rank_chunks(task, score_chunks, tie_order))


def evaluate_run(task: RetrievalTask, run: Run, tie_order: np.ndarray | None = None) -> Evaluation:
    """Score every setting by a retrieved run over the pool of all languages.

    Args:
        task: the benchmark.
        run: ranked or scored passages per query; what it lacks counts as not retrieved.
        tie_order: (n_passages,) int64, orders passages of equal score; a hash of the ids when None.

    Returns:
        The evaluation; without rank distance unless all relevant passages were retrieved.

    Raises:
        DataError: when an id is unknown, a passage is listed twice for a query, or a score is NaN.
    """
    return evaluate_ranks(task, [rank_run(task, run, tie_order)])


def evaluate_ranks(task: RetrievalTask, parts: Iterable[PositiveRanks]) -> Evaluation:
    """Score the ranks of the positives, some queries after the other.

    Args:
        task: the benchmark.
        parts: the ranks, together of all queries.

    Returns:
        The evaluation.
    """
    scored, tally = [], Tally(task)
    for ranks in parts:
        scored.append(score_queries(task, ranks))
        tally.add(ranks)
    scores = QueryScores.joined(scored)
    cells = cell_table(task, scores, np.ones(len(task.queries), dtype=bool))
    return Evaluation(
        task=_description(task),
        settings=macro_means(cells),
        groups=_by_group(task, scores),
        counts=tally.counts(cells),
        cells=cells,
        queries=query_table(task, scores),
    )


def _description(task: RetrievalTask) -> dict[str, Any]:
    return {
        "name": task.name,
        "version": task.version,
        "languages": task.languages,
        "queries": len(task.queries),
        "passages": len(task.passages),
        "measures": list(task.measures),
    }


def _by_group(task: RetrievalTask, scores: QueryScores) -> dict[str, Settings]:
    group = np.array(task.query_groups or [])
    return {str(name): macro_means(cell_table(task, scores, group == name)) for name in np.unique(group)}
