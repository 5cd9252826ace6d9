"""Evaluate scores or a run on a benchmark: the one entrance to this package."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.ranking import PositiveRanks, rank_positives
from hbir.evaluation.runs import Run, rank_run
from hbir.evaluation.settings import (
    CROSS_LINGUAL,
    MONOLINGUAL,
    MULTILINGUAL,
    QueryScores,
    Settings,
    cell_table,
    macro_means,
    query_table,
    score_queries,
)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Hold what one model, or one run, reached on one benchmark.

    A setting in which no query is scored, such as cross_lingual in a benchmark of one language, is absent from
    `settings`, `counts`, `cells` and `queries` alike.
    """

    task: dict[str, Any]
    """Name, version and languages of the benchmark, and its numbers of queries and passages."""
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
    return _evaluation(task, rank_positives(task, score_chunks, tie_order))


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
    return _evaluation(task, rank_run(task, run, tie_order))


def _evaluation(task: RetrievalTask, ranks: PositiveRanks) -> Evaluation:
    scores = score_queries(task, ranks)
    cells = cell_table(task, scores, np.ones(len(task.queries), dtype=bool))
    return Evaluation(
        task=_description(task),
        settings=macro_means(cells),
        groups=_by_group(task, scores),
        counts=_counts(task, ranks, cells),
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
    }


def _by_group(task: RetrievalTask, scores: QueryScores) -> dict[str, Settings]:
    group = np.array(task.query_groups or [])
    return {str(name): macro_means(cell_table(task, scores, group == name)) for name in np.unique(group)}


def _counts(task: RetrievalTask, ranks: PositiveRanks, cells: pa.Table) -> dict[str, Any]:
    query_lang, passage_lang = np.array(task.query_langs), np.array(task.passage_langs)
    same = query_lang[ranks.query] == passage_lang[ranks.passage]  # (n_positives,)
    tied = {
        MONOLINGUAL: ranks.tied_own[same],
        CROSS_LINGUAL: ranks.tied_own[~same],
        MULTILINGUAL: ranks.tied_pooled,
    }
    left_out = dict.fromkeys(cells["setting"].to_pylist(), 0)
    for setting, number in zip(cells["setting"].to_pylist(), cells["n_left_out"].to_pylist(), strict=True):
        left_out[setting] += number
    return {
        "positives": {setting: len(tied[setting]) for setting in left_out},
        "tied_positives": {setting: int(np.count_nonzero(tied[setting])) for setting in left_out},
        "left_out": left_out,
        "single_positive_queries": int(np.count_nonzero(np.bincount(ranks.query) == 1)),
        "not_retrieved": int(np.count_nonzero(ranks.pooled_rank == 0)),
    }
