"""Show how the rank distances of single queries are distributed, which a mean hides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from hbir.benchmarks.task import MULTILINGUAL
from hbir.core.files import read_table
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.contributions import in_setting
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.evaluation.results import QUERIES, SamplerResults
from hbir.reporting.columns import Column
from hbir.reporting.curves import Curve, line_chart

QUANTILES = tuple(round(share / 50, 2) for share in range(51))
"""Shares of the queries at which the curves have a point."""
SHOWN = {"10 %": 0.1, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "90 %": 0.9}
"""Columns of the table."""
_COLUMN = Column(setting=MULTILINGUAL, measure=RANK_DISTANCE)


@dataclass(frozen=True, kw_only=True)
class DistanceView:
    """Hold what the page shows of one benchmark's rank distances."""

    chart: Markup
    """Empty where no query has a rank distance."""
    rows: dict[str, tuple[str, ...]]
    """Sampler → number of queries, then what SHOWN names."""


def distances(result: SamplerResults, benchmark: str) -> np.ndarray:
    """Read the rank distances of a sampler's queries.

    Args:
        result: one sampler.
        benchmark: its name.

    Returns:
        (n,) float64, of the queries that have one, sorted; empty where scores per query are missing.
    """
    path = result.folder / benchmark / QUERIES
    if not path.is_file():
        return np.empty(0)
    [rows] = in_setting([read_table(path, queries_schema_of)], MULTILINGUAL)
    values = rows[RANK_DISTANCE].to_numpy() if RANK_DISTANCE in rows.column_names else np.empty(0)
    return np.sort(values[~np.isnan(values)])


def at_shares(values: np.ndarray, shares: Sequence[float]) -> list[float]:
    """Say within how many ranks the relevant passages of so many queries are.

    Args:
        values: (n,) float64, sorted, at least one.
        shares: of the queries, from 0 to 1.

    Returns:
        A rank distance that occurs, for each share: that of the query up to which the share is reached.
    """
    places = np.clip(np.ceil(np.array(shares) * len(values)).astype(int) - 1, 0, None)
    return [float(value) for value in values[places]]


def distance_view(
    results: Sequence[SamplerResults], benchmark: str, styles: Mapping[str, str], headline: str
) -> DistanceView:
    """Arrange one benchmark.

    Args:
        results: one entry per sampler.
        benchmark: its name.
        styles: sampler → CSS class of its colour.
        headline: the sampler whose line is thicker.

    Returns:
        What the page shows of it.
    """
    every = {result.sampler: distances(result, benchmark) for result in results}
    found = {sampler: values for sampler, values in every.items() if len(values)}
    curves = [
        Curve(
            name=sampler,
            style=styles[sampler] + (" headline" if sampler == headline else ""),
            points=tuple(zip(_drawn(at_shares(values, QUANTILES)), (100 * s for s in QUANTILES), strict=True)),
        )
        for sampler, values in found.items()
    ]
    rows = {
        sampler: (f"{len(values):,}", *(_text(value) for value in at_shares(values, list(SHOWN.values()))))
        for sampler, values in found.items()
    }
    if not curves:
        return DistanceView(chart=Markup(""), rows={})
    medians = ", ".join(f"{sampler} {cells[3]}" for sampler, cells in rows.items())
    label = f"Share of the queries within a rank distance, on a logarithmic scale. Medians: {medians}"
    chart = line_chart(curves, label, "rank distance", "% of the queries", log_x=True)
    return DistanceView(chart=chart, rows=rows)


def _text(value: float) -> str:
    return _COLUMN.text(value).removesuffix(".0")


def _drawn(values: Sequence[float]) -> list[float]:
    """Keep them off zero, which a logarithmic scale does not have; it says that two passages share a rank."""
    return [max(value, 1.0) for value in values]
