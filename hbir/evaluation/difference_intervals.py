"""Bound differences between two runs by the clustered bootstrap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from hbir.evaluation.contributions import ALL_LANGUAGES
from hbir.evaluation.differences import Difference
from hbir.evaluation.intervals import Resampled, resample


def with_intervals(found: Sequence[Difference], tables: Mapping[str, pa.Table]) -> list[Difference]:
    """Add the interval of each difference.

    Args:
        found: the differences on one benchmark.
        tables: sampler → its scores per query, of the same queries in the same order.

    Returns:
        The differences in the same order. The queries of a language are resampled by themselves.
    """
    measures = list(dict.fromkeys(one.measure for one in found))
    places = {sampler: number for number, sampler in enumerate(tables)}
    resampled = {
        language: _of_language(list(tables.values()), language, found[0].benchmark, measures)
        for language in dict.fromkeys(one.language for one in found)
    }
    return [
        replace(
            one,
            interval=resampled[one.language][one.setting].difference(
                places[one.one], places[one.other], measures.index(one.measure)
            ),
        )
        for one in found
    ]


def _of_language(
    tables: Sequence[pa.Table], language: str, benchmark: str, measures: Sequence[str]
) -> dict[str, Resampled]:
    if language != ALL_LANGUAGES:
        tables = [table.filter(pc.equal(table["query_lang"], language)) for table in tables]
    return resample(tables, benchmark, measures)
