"""Write the data files that `dvc plots` draws."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hbir.core.training_record import CURVES
from hbir.evaluation.preferences import TOP, TOP_CHANCE
from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import Column, headline_columns, named_column
from hbir.reporting.distances import QUANTILES, at_shares, distances

PAIRWISE = ("monolingual", "cross_lingual")
"""The settings whose pool is in one language: the diagonal and the rest of a language-pair heat map."""
SCORE = ("setting", "measure", "name", "value")
"""The columns of a score; `name` is the measure's name for readers."""


def write_plots(results: Sequence[SamplerResults], folder: Path) -> None:
    """Write loss.csv, settings.csv, languages.csv, preferences.csv and distances.csv.

    Args:
        results: one entry per sampler.
        folder: an existing folder.
    """
    _write(folder / "loss.csv", ("step", "sampler", "kind", "loss"), _losses(results))
    _write(folder / "settings.csv", ("benchmark", "sampler", *SCORE), _settings(results))
    _write(
        folder / "languages.csv",
        ("benchmark", "sampler", "query_lang", "passage_lang", *SCORE),
        _pairs(results),
    )
    _write(
        folder / "preferences.csv",
        ("benchmark", "sampler", "query_lang", "passage_lang", "excess"),
        _preferences(results),
    )
    _write(folder / "distances.csv", ("benchmark", "sampler", "share", "distance"), _distances(results))


def pair_scores(result: SamplerResults, benchmark: str) -> dict[tuple[str, str], float]:
    """Read the main measure of every ordered language pair, monolingual on the diagonal.

    Args:
        result: one sampler.
        benchmark: its name.

    Returns:
        (query language, passage language) → score; pairs without a scored query are absent.
    """
    main = result.summaries[benchmark].task.main_measure
    return {
        (cell["query_lang"], cell["pool"]): cell[main]
        for cell in result.cells(benchmark)
        if cell["setting"] in PAIRWISE and cell[main] is not None
    }


def _losses(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    curves = {result.sampler: result.training.curve for result in results if result.training}
    for sampler, curve in curves.items():
        for kind in CURVES:
            for point in curve.points(kind):
                yield point.step, sampler, kind, _decimals(point.loss)


def _settings(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for benchmark, summary in result.summaries.items():
            for column in headline_columns(summary.task.measures):
                value = summary.score(column.setting, column.measure)
                if value is not None:
                    yield benchmark, result.sampler, *_score(column, value)


def _pairs(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for benchmark, summary in result.summaries.items():
            main = summary.task.main_measure
            same, other = (named_column(main, setting, main) for setting in PAIRWISE)
            for (query, passage), value in sorted(pair_scores(result, benchmark).items()):
                column = same if query == passage else other
                yield benchmark, result.sampler, query, passage, *_score(column, value)


def _preferences(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    """Yield by how much a language's share of the first ten exceeds its share of the pool."""
    for result in results:
        for benchmark in result.summaries:
            for cell in result.preferences(benchmark):
                if cell[TOP] is not None:
                    pair = cell["query_lang"], cell["passage_lang"]
                    yield benchmark, result.sampler, *pair, _decimals(cell[TOP] - cell[TOP_CHANCE])


def _distances(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for benchmark in result.summaries:
            values = distances(result, benchmark)
            if len(values):
                for share, distance in zip(QUANTILES, at_shares(values, QUANTILES), strict=True):
                    yield benchmark, result.sampler, share, f"{distance:g}"


def _score(column: Column, value: float) -> Sequence[str]:
    return column.setting, column.measure, column.name, _decimals(value)


def _decimals(value: float) -> str:
    return f"{value:.4f}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
