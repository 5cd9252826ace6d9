"""Turn ranks into scores per query, per query language and pool, and per setting.

Settings (Source: arXiv 2408.10536): monolingual, the pool in the query's language; cross_lingual, a pool in one
other language; multilingual, the pool of all languages, in which relevant passages of every language count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import MULTILINGUAL, SETTINGS, RetrievalTask
from hbir.evaluation.measures import MEASURES, NAMES, Rankings, rank_distance
from hbir.evaluation.ranking import PositiveRanks
from hbir.evaluation.summary import Settings

ALL = "all"
"""The name of the pool of all languages."""

_VALUES = [(name, pa.float64()) for name in NAMES]
CELLS = pa.schema(
    [(name, pa.string()) for name in ("setting", "query_lang", "pool")]
    + [(name, pa.int64()) for name in ("n_queries", "n_left_out")]
    + _VALUES
)
"""One row per setting, query language and pool; measures are means over its `n_queries` scored queries."""
QUERIES = pa.schema(
    [(name, pa.string()) for name in ("setting", "query_id", "cluster", "query_lang", "pool", "group")]
    + _VALUES
)
"""One row per query and pool that holds a passage relevant to it; queries of one cluster are one question."""


@dataclass(frozen=True, kw_only=True)
class QueryScores:
    """Hold the measures of every query in every pool that has a passage relevant to it, n rows in all."""

    setting: np.ndarray
    """(n,) int64, index into SETTINGS; rows are sorted by it, then by query and pool."""
    query: np.ndarray
    """(n,) int64, index of the query."""
    query_lang: np.ndarray
    """(n,) int64, index into the task's languages."""
    pool: np.ndarray
    """(n,) int64, index into the task's languages, or their number for the pool of all."""
    values: np.ndarray
    """(n, 8) float64, one column per name in NAMES; NaN where not defined."""

    @classmethod
    def joined(cls, parts: Sequence["QueryScores"]) -> "QueryScores":
        """Put the scores of several groups of queries into one order.

        Args:
            parts: at least one.

        Returns:
            All their rows.
        """
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__
        }
        order = np.lexsort((columns["pool"], columns["query"], columns["setting"]))
        return cls(**{name: column[order] for name, column in columns.items()})


def score_queries(task: RetrievalTask, ranks: PositiveRanks) -> QueryScores:
    """Compute every measure for each query and pool.

    Args:
        task: the benchmark.
        ranks: the ranks of its positives, or of those of some queries.

    Returns:
        The scores in the settings that the benchmark defines; rank distance is NaN but in the pool of all
        languages.
    """
    own_query, own_pool, own = _rankings(ranks, task.passage_codes[ranks.passage], ranks.own_rank)
    query, pool = [own_query], [own_pool]
    values = [np.stack([*(measure(own) for measure in MEASURES.values()), np.full(len(own_query), np.nan)], 1)]
    if ranks.pooled_rank is not None:
        everything = np.full(len(ranks.query), len(task.languages))
        all_query, all_pool, pooled = _rankings(ranks, everything, ranks.pooled_rank)
        query.append(all_query)
        pool.append(all_pool)
        values.append(np.stack([*(measure(pooled) for measure in MEASURES.values()), rank_distance(pooled)], 1))
    scores = _placed(task, np.concatenate(query), np.concatenate(pool), np.concatenate(values))
    return QueryScores.joined([scores])


def _placed(task: RetrievalTask, query: np.ndarray, pool: np.ndarray, values: np.ndarray) -> QueryScores:
    multilingual = SETTINGS.index(MULTILINGUAL)
    setting = np.where(
        pool == len(task.languages), multilingual, (pool != task.query_codes[query]).astype(np.int64)
    )
    defined = np.isin(setting, [SETTINGS.index(name) for name in task.settings])
    query = query[defined]
    return QueryScores(
        setting=setting[defined],
        query=query,
        query_lang=task.query_codes[query],
        pool=pool[defined],
        values=values[defined],
    )


def query_table(task: RetrievalTask, scores: QueryScores) -> pa.Table:
    """Lay the scores out for storage and for tests of significance.

    Args:
        task: the benchmark.
        scores: the scores per query and pool.

    Returns:
        A table of the schema QUERIES; `group` is null when the task has no groups.
    """
    pools = [*task.languages, ALL]
    groups: Sequence[str | None] = task.query_groups or [None] * len(task.queries)
    columns = [
        _named(scores.setting, SETTINGS),
        _named(scores.query, task.query_ids),
        _named(scores.query, task.clusters or task.query_ids),
        _named(scores.query_lang, pools),
        _named(scores.pool, pools),
        _named(scores.query, groups),
        *(pa.array(column, from_pandas=True) for column in scores.values.T),
    ]
    return pa.table(columns, schema=QUERIES)


def cell_table(task: RetrievalTask, scores: QueryScores, chosen: np.ndarray) -> pa.Table:
    """Average within each query language and pool.

    Args:
        task: the benchmark.
        scores: the scores per query and pool.
        chosen: (n_queries,) bool, the queries that count.

    Returns:
        A table of the schema CELLS. A setting in which no query is scored is absent; the others have every
        language or ordered pair of languages of the task, with null measures where no query is scored.
    """
    n = len(task.languages)
    shape = (len(SETTINGS), n, n + 1)
    rows = chosen[scores.query]
    cell = np.ravel_multi_index((scores.setting[rows], scores.query_lang[rows], scores.pool[rows]), shape)
    counts: np.ndarray = np.bincount(cell, minlength=math.prod(shape)).reshape(shape)
    totals = np.bincount(task.query_codes[chosen], minlength=n)  # (n,)
    scored_settings = counts.any(axis=(1, 2), keepdims=True)
    exists = _possible(task, totals) & scored_settings
    setting, query_lang, pool = np.nonzero(exists)
    scored = counts[exists]
    sums = [np.bincount(cell, values, minlength=counts.size).reshape(shape) for values in scores.values[rows].T]
    means = [np.divide(s[exists], scored, out=np.full(len(scored), np.nan), where=scored > 0) for s in sums]
    pools = [*task.languages, ALL]
    names = [_named(setting, SETTINGS), _named(query_lang, pools), _named(pool, pools)]
    left_out = totals[query_lang] - scored
    values = [pa.array(mean, from_pandas=True) for mean in means]
    return pa.table([*names, pa.array(scored), pa.array(left_out), *values], schema=CELLS)


def macro_means(cells: pa.Table) -> Settings:
    """Average over languages, or over ordered pairs of languages, each weighing the same.

    Args:
        cells: a table of the schema CELLS.

    Returns:
        The means of the settings that the table holds, over cells with a scored query. A measure that one
        of them lacks is left out: rank distance outside the multilingual setting, or of a run with a cut-off.
    """
    setting, scored = np.array(cells["setting"].to_pylist()), cells["n_queries"].to_numpy() > 0
    means: Settings = {}
    for name in SETTINGS:
        rows = (setting == name) & scored if len(setting) else scored
        if rows.any():
            values = {measure: float(cells[measure].to_numpy()[rows].mean()) for measure in NAMES}
            means[name] = {measure: value for measure, value in values.items() if not np.isnan(value)}
    return means


def _rankings(
    ranks: PositiveRanks, pool: np.ndarray, rank: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Rankings]:
    """Return each ranking's query and pool, and the rankings, from (n,) arrays over positives."""
    found = np.where(rank == 0, np.inf, rank)
    order = np.lexsort((found, pool, ranks.query))
    query, pool = ranks.query[order], pool[order]
    changes = (np.diff(query, prepend=-1) != 0) | (np.diff(pool, prepend=-1) != 0)
    start = np.flatnonzero(changes)
    n_relevant = np.diff(start, append=len(query))
    rankings = Rankings(rank=found[order], start=start, n_relevant=n_relevant, gain=ranks.gain[order])
    return query[start], pool[start], rankings


def _possible(task: RetrievalTask, n_queries: np.ndarray) -> np.ndarray:
    """Return which cells have queries and passages: (settings, languages, languages + 1) bool."""
    n = len(task.languages)
    passages = np.bincount(task.passage_codes, minlength=n) > 0
    same = np.eye(n, n + 1, dtype=bool)
    everything = np.arange(n + 1) == n
    pools = np.append(passages, True)
    other = ~same & ~everything
    kinds = np.stack([same, other, np.broadcast_to(everything, same.shape)])
    possible: np.ndarray = kinds & pools & (n_queries > 0)[:, None]
    return possible


def _named(codes: np.ndarray, names: Sequence[str | None]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(codes))
