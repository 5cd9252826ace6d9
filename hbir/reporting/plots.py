"""Write the data files that `dvc plots` draws."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import HEADLINE

PAIRWISE = ("monolingual", "cross_lingual")
"""The settings whose pool is in one language: the diagonal and the rest of a language-pair heat map."""


def write_plots(results: Sequence[SamplerResults], folder: Path) -> None:
    """Write loss.csv, settings.csv and languages.csv.

    Args:
        results: one entry per sampler.
        folder: an existing folder.
    """
    _write(folder / "loss.csv", ("step", "sampler", "kind", "loss"), _losses(results))
    _write(folder / "settings.csv", ("benchmark", "sampler", "setting", "measure", "value"), _settings(results))
    _write(
        folder / "languages.csv", ("benchmark", "sampler", "query_lang", "passage_lang", "map"), _pairs(results)
    )


def pair_scores(result: SamplerResults, benchmark: str) -> dict[tuple[str, str], float]:
    """Read the mAP of every ordered language pair, monolingual on the diagonal.

    Args:
        result: one sampler.
        benchmark: its name.

    Returns:
        (query language, passage language) → mAP; pairs without a scored query are absent.
    """
    return {
        (cell["query_lang"], cell["pool"]): cell["map"]
        for cell in result.cells(benchmark)
        if cell["setting"] in PAIRWISE and cell["map"] is not None
    }


def _losses(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for kind in ("train", "validation"):
            for point in result.training["curve"][kind]:
                yield point["step"], result.sampler, kind, _decimals(point["loss"])


def _settings(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for benchmark, summary in result.summaries.items():
            for column in HEADLINE:
                value = summary["settings"].get(column.setting, {}).get(column.measure)
                if value is not None:
                    yield benchmark, result.sampler, column.setting, column.measure, _decimals(value)


def _pairs(results: Sequence[SamplerResults]) -> Iterable[Sequence[Any]]:
    for result in results:
        for benchmark in result.summaries:
            for (query, passage), value in sorted(pair_scores(result, benchmark).items()):
                yield benchmark, result.sampler, query, passage, _decimals(value)


def _decimals(value: float) -> str:
    return f"{value:.4f}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
