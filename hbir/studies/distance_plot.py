"""Draw how the rank distances of single queries are distributed."""

from pathlib import Path

from hbir.reporting.distances import QUANTILES
from hbir.reporting.numbers import whole
from hbir.studies.evidence import Evidence
from hbir.studies.ink import STYLES, Drawing, colour_of, legend, named, plain, saved, sheet
from hbir.studies.words import listed

HALF = QUANTILES.index(0.5)


def distance_plot(evidence: Evidence, path: Path) -> Drawing | None:
    """Draw which share of the queries is within a rank distance, a line for each row.

    Args:
        evidence: of one benchmark.
        path: of the SVG file.

    Returns:
        The drawing; None where no query has a rank distance.
    """
    if not evidence.distances:
        return None
    with sheet(3.3) as figure:
        panel = figure.subplots()
        for number, (name, values) in enumerate(evidence.distances.items()):
            # A distance of 0, between passages of one rank, has no place on a logarithmic scale.
            x, y = [max(value, 1.0) for value in values], [100 * share for share in QUANTILES]
            style = STYLES[number % len(STYLES)]
            panel.plot(x, y, color=colour_of(name, number), linestyle=style, linewidth=1.8, label=name)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: whole(value))
        panel.set_xlabel("rank distance ↓")
        panel.set_ylabel("% of the queries within it")
        plain(panel)
        legend(figure, panel)
        medians = listed([f"{whole(values[HALF])} for {name}" for name, values in evidence.distances.items()])
        what = named(evidence.benchmark, evidence.title)
        alt = f"{what}: share of the queries within a rank distance. Half of them are within {medians}."
        return saved(figure, path, what, alt)
