"""Score an encoder on the held-out texts, and compare it with what it was."""

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.task import CROSS_LINGUAL, MONOLINGUAL, MULTILINGUAL
from hbir.core.files import read_table
from hbir.core.precision import Precision
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.contributions import ALL_LANGUAGES
from hbir.evaluation.difference_intervals import with_intervals
from hbir.evaluation.differences import Difference, compare
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.results import QUERIES
from hbir.evaluation.save import save
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import SUMMARY, Summary, read_summary

BEFORE, AFTER = "before", "after"
MAIN = ((MONOLINGUAL, "map"), (CROSS_LINGUAL, "map"), (MULTILINGUAL, "map"), (MULTILINGUAL, RANK_DISTANCE))
"""What is compared: a setting and a measure each."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Hold the scores before and after, and what may be said of the differences."""

    before: Summary
    after: Summary
    overall: list[Difference]
    """Over all languages, in the order of MAIN."""
    by_language: list[Difference]
    """Of the queries of each language."""
    values: dict[tuple[str, str, str, str], float]
    """Which, language of the query, setting and measure → mean over pools."""


def score(model: SentenceTransformer, entry: dict[str, Any], precision: Precision, folder: Path) -> None:
    """Score an encoder on the held-out texts.

    Args:
        model: the encoder.
        entry: the benchmark.
        precision: in which texts are embedded.
        folder: where the scores go.
    """
    params = EvaluateParams(
        benchmarks=[entry],
        query_chunk=1024,
        batch_size=64,
        precision=precision,
        language_bias=False,
        embeddings=None,
    )
    save(Benchmark(entry, None, params).score(model), folder)


def compared(before: Path, after: Path) -> Comparison:
    """Compare two folders of scores of the same texts.

    Args:
        before: of the encoder as it came.
        after: of the trained one.

    Returns:
        The comparison.
    """
    folders = {BEFORE: before, AFTER: after}
    tables = {which: read_table(path / QUERIES, queries_schema_of) for which, path in folders.items()}
    summaries = {which: read_summary(path / SUMMARY) for which, path in folders.items()}
    name = summaries[BEFORE].task.name
    every = compare(tables, name, AFTER, MAIN)
    return Comparison(
        before=summaries[BEFORE],
        after=summaries[AFTER],
        overall=with_intervals(every, tables) if every else [],
        by_language=compare(tables, name, AFTER, MAIN, "languages"),
        values={
            (which, *cell): value for which, table in tables.items() for cell, value in _means(table).items()
        },
    )


def difference(
    found: list[Difference], setting: str, measure: str, language: str = ALL_LANGUAGES
) -> Difference | None:
    """Look one difference up.

    Args:
        found: differences.
        setting: its setting.
        measure: its measure.
        language: of the queries.

    Returns:
        It, or None where it cannot be had, as with one language.
    """
    wanted = (setting, measure, language)
    return next((one for one in found if (one.setting, one.measure, one.language) == wanted), None)


def _means(table: pa.Table) -> dict[tuple[str, str, str], float]:
    """Average over queries, then over pools, for each language of the query."""
    means: dict[tuple[str, str, str], list[float]] = {}
    for setting, measure in MAIN:
        rows = table.filter(pc.equal(table["setting"], setting))
        grouped = rows.group_by(["query_lang", "pool"]).aggregate([(measure, "mean")])
        for row in grouped.to_pylist():
            if (value := row[f"{measure}_mean"]) is not None and value == value:
                means.setdefault((row["query_lang"], setting, measure), []).append(value)
    return {key: fmean(values) for key, values in means.items()}
