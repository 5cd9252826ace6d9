"""Write every mean of the comparison as CSV, a line for each."""

from collections.abc import Iterator, Sequence

from hbir.evaluation.results import SamplerResults
from hbir.reporting.csv_lines import csv_lines

HEADER = ("benchmark", "sampler", "checkpoint", "group", "setting", "measure", "score")
"""`checkpoint` is best or final; `group` is empty for the means over all queries."""


def comparison_csv(results: Sequence[SamplerResults]) -> str:
    """Write what the score stage found, also what no table has room for.

    Args:
        results: one entry per sampler.

    Returns:
        The header and the lines, each with its newline.
    """
    return csv_lines([HEADER, *(line for result in results for line in _lines(result))])


def _lines(result: SamplerResults) -> Iterator[tuple[str, ...]]:
    for benchmark, summary in result.summaries.items():
        tables = [("best", "", summary.settings), ("final", "", result.final.get(benchmark, {}))]
        tables += [("best", group, scores) for group, scores in summary.groups.items()]
        for checkpoint, group, settings in tables:
            for setting, scores in settings.items():
                for measure, score in scores.items():
                    keys = (benchmark, result.sampler, checkpoint, group, setting, measure)
                    yield (*keys, f"{score:.6f}")
