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
from hbir.evaluation.measures import NAMES, RANK_DISTANCE, Rankings, measures_at, rank_distance
from hbir.evaluation.ranking import PositiveRanks
from hbir.evaluation.summary import Settings

ALL = "all"
"""The name of the pool of all languages."""

_CELL_KEYS = [(name, pa.string()) for name in ("setting", "query_lang", "pool")]
_CELL_COUNTS = [(name, pa.int64()) for name in ("n_queries", "n_left_out")]
_QUERY_KEYS = [
    (name, pa.string()) for name in ("setting", "query_id", "cluster", "query_lang", "pool", "group")
]


def cells_schema(names: Sequence[str]) -> pa.Schema:
    """Return the columns of a table of cells.

    Args:
        names: of its measures.

    Returns:
        One row per setting, query language and pool; measures are means over those of its `n_queries` scored
        queries that have them.
    """
    return pa.schema([*_CELL_KEYS, *_CELL_COUNTS, *((name, pa.float64()) for name in names)])


def queries_schema(names: Sequence[str]) -> pa.Schema:
    """Return the columns of a table of scores per query.

    Args:
        names: of its measures.

    Returns:
        One row per query and pool that it is scored in; queries of one cluster are resampled together.
    """
    return pa.schema([*_QUERY_KEYS, *((name, pa.float64()) for name in names)])


def queries_schema_of(columns: Sequence[str]) -> pa.Schema:
    """Return the schema that a table of scores per query must have, whatever its measures.

    Args:
        columns: those that it has.

    Returns:
        Their `queries_schema`.
    """
    keys = {name for name, _ in _QUERY_KEYS}
    return queries_schema([name for name in columns if name not in keys])


CELLS, QUERIES = cells_schema(NAMES), queries_schema(NAMES)
"""Where everything was ranked."""


@dataclass(frozen=True, kw_only=True)
class QueryScores:
    """Hold the measures of every query in every pool that it is scored in, n rows in all."""

    names: tuple[str, ...]
    """Of the m measures."""
    setting: np.ndarray
    """(n,) int64, index into SETTINGS; rows are sorted by it, then by query and pool."""
    query: np.ndarray
    """(n,) int64, index of the query."""
    query_lang: np.ndarray
    """(n,) int64, index into the task's languages."""
    pool: np.ndarray
    """(n,) int64, index into the task's languages, or their number for the pool of all."""
    values: np.ndarray
    """(n, m) float64; NaN where not defined."""

    @classmethod
    def joined(cls, parts: Sequence["QueryScores"]) -> "QueryScores":
        """Put the scores of several groups of queries into one order.

        Args:
            parts: at least one.

        Returns:
            All their rows.
        """
        arrays = [name for name in cls.__annotations__ if name != "names"]
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
        order = np.lexsort((columns["pool"], columns["query"], columns["setting"]))
        return cls(names=parts[0].names, **{name: column[order] for name, column in columns.items()})


def score_queries(task: RetrievalTask, ranks: PositiveRanks, top_k: int | None) -> QueryScores:
    """Compute every measure for each query and pool that has a passage relevant to it.

    Args:
        task: the benchmark.
        ranks: the ranks of its positives, or of those of some queries.
        top_k: passages retrieved per query and pool; None where all were ranked.

    Returns:
        The scores in the settings that the benchmark defines. Rank distance is there in the pool of all
        languages alone, for queries with relevant passages in two languages or more.
    """
    measures = measures_at(top_k)
    query, pool, own = _rankings(ranks, task.passage_codes[ranks.passage], ranks.own_rank)
    rows = [(query, pool, np.full(len(query), np.nan), own)]
    if ranks.pooled_rank is not None:
        everything = np.full(len(ranks.query), len(task.languages))
        query, pool, pooled = _rankings(ranks, everything, ranks.pooled_rank)
        several = languages_per_query(task, ranks) > 1  # (n_queries with a positive,)
        rows.append((query, pool, np.where(several, rank_distance(pooled), np.nan), pooled))
    parts = [
        _placed(
            task,
            query,
            pool,
            (*measures, RANK_DISTANCE),
            np.stack([*(measure(rankings) for measure in measures.values()), distance], axis=1),
        )
        for query, pool, distance, rankings in rows
    ]
    return QueryScores.joined(parts)


def score_without_relevant(task: RetrievalTask, top_k: int | None) -> QueryScores:
    """Score 0 where all judged passages of a pool are of grade 0 (Source: trec_eval, which does the same).

    Args:
        task: the benchmark.
        top_k: passages retrieved per query and pool; None where all were ranked.

    Returns:
        The scores, without rank distance; no rows where the benchmark knows relevant passages alone.
    """
    everything, codes = len(task.languages), {language: code for code, language in enumerate(task.languages)}
    query, passage = task.positives(0, len(task.queries) if task.judged_langs else 0).T
    relevant = set(zip(query.tolist(), task.passage_codes[passage].tolist(), strict=True))
    answered = set(query.tolist())
    places = [
        (number, code)
        for number, langs in enumerate(task.judged_langs or ())
        for code in (*(codes[lang] for lang in langs if lang in codes), *([everything] if langs else []))
        if (number not in answered if code == everything else (number, code) not in relevant)
    ]
    rows = np.array(places, np.int64).reshape(-1, 2)
    names = (*measures_at(top_k), RANK_DISTANCE)
    values = np.zeros((len(rows), len(names)))
    values[:, -1] = np.nan
    return _placed(task, rows[:, 0], rows[:, 1], names, values)


def languages_per_query(task: RetrievalTask, ranks: PositiveRanks) -> np.ndarray:
    """Count the languages of each query's relevant passages.

    Args:
        task: the benchmark.
        ranks: those of some queries' positives.

    Returns:
        (queries with a positive,) int64, in the order of the queries.
    """
    pairs = np.unique(np.stack([ranks.query, task.passage_codes[ranks.passage]]), axis=1)  # (2, n)
    return np.unique(pairs[0], return_counts=True)[1]


def _placed(
    task: RetrievalTask, query: np.ndarray, pool: np.ndarray, names: tuple[str, ...], values: np.ndarray
) -> QueryScores:
    multilingual = SETTINGS.index(MULTILINGUAL)
    setting = np.where(
        pool == len(task.languages), multilingual, (pool != task.query_codes[query]).astype(np.int64)
    )
    defined = np.isin(setting, [SETTINGS.index(name) for name in task.settings])
    query = query[defined]
    return QueryScores(
        names=names,
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
        A table of `queries_schema`; `group` is null when the task has no groups.
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
    return pa.table(columns, schema=queries_schema(scores.names))


def cell_table(task: RetrievalTask, scores: QueryScores, chosen: np.ndarray) -> pa.Table:
    """Average within each query language and pool.

    Args:
        task: the benchmark.
        scores: the scores per query and pool.
        chosen: (n_queries,) bool, the queries that count.

    Returns:
        A table of `cells_schema`. A setting in which no query is scored is absent; the others have every
        language or ordered pair of languages of the task, with null measures where no query is scored.
    """
    n = len(task.languages)
    shape = (len(SETTINGS), n, n + 1)
    rows = chosen[scores.query]
    cell = np.ravel_multi_index((scores.setting[rows], scores.query_lang[rows], scores.pool[rows]), shape)
    counts: np.ndarray = np.bincount(cell, minlength=math.prod(shape)).reshape(shape)
    totals = np.bincount(task.query_codes[chosen], minlength=n)  # (n,)
    scored_settings = counts.any(axis=(1, 2), keepdims=True)
    exists = (_possible(task, totals) & scored_settings) | (counts > 0)
    setting, query_lang, pool = np.nonzero(exists)
    scored = counts[exists]
    means = [_cell_means(values, cell, shape)[exists] for values in scores.values[rows].T]
    pools = [*task.languages, ALL]
    names = [_named(setting, SETTINGS), _named(query_lang, pools), _named(pool, pools)]
    left_out = totals[query_lang] - scored
    values = [pa.array(mean, from_pandas=True) for mean in means]
    return pa.table([*names, pa.array(scored), pa.array(left_out), *values], schema=cells_schema(scores.names))


def _cell_means(values: np.ndarray, cell: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Average within each cell what is a number: (n,) values and cells → an array of the shape."""
    there = ~np.isnan(values)
    cell, values, size = cell[there], values[there], math.prod(shape)
    counts, sums = np.bincount(cell, minlength=size), np.bincount(cell, values, minlength=size)
    means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return np.asarray(means).reshape(shape)


def macro_means(cells: pa.Table) -> Settings:
    """Average over languages, or over ordered pairs of languages, each weighing the same.

    Args:
        cells: a table of `cells_schema`.

    Returns:
        The means of the settings that the table holds, over cells with a scored query that has the measure. A
        measure that none has is left out: rank distance outside the multilingual setting, of a run with a
        cut-off, or where no query has relevant passages in two languages.
    """
    setting, scored = np.array(cells["setting"].to_pylist()), cells["n_queries"].to_numpy() > 0
    names = cells.column_names[len(_CELL_KEYS + _CELL_COUNTS) :]
    means: Settings = {}
    for name in SETTINGS:
        rows = (setting == name) & scored if len(setting) else scored
        if rows.any():
            values = {measure: cells[measure].to_numpy()[rows] for measure in names}
            present = {measure: column[~np.isnan(column)] for measure, column in values.items()}
            means[name] = {measure: float(column.mean()) for measure, column in present.items() if len(column)}
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
