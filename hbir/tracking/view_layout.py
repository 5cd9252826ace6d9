"""Lay out the page of MLflow's UI that compares runs: what differs and what matters first, the rest folded."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from hbir.core.hashing import digest
from hbir.core.training_record import CURVES
from hbir.tracking.system import SYSTEM
from hbir.tracking.values import FIRST

if TYPE_CHECKING:
    from mlflow.entities import Run

MOST = 12
"""So many columns of parameters, and of scores, at most."""
OVERVIEW = "What differs"
"""The section of our chart."""
LAID_OUT = {OVERVIEW: {"columns": 1, "cardHeight": 300}, FIRST: {"columns": 2, "cardHeight": 300}}
"""The sections that are open: charts beside each other, and pixels."""


def view_state(runs: "Sequence[Run]", wanted: str) -> dict[str, Any]:
    """Say what the view shows.

    Args:
        runs: what is compared, the oldest first.
        wanted: the filter of MLflow that finds them.

    Returns:
        The state of MLflow's page of runs: the table has the parameters that differ and the main measures; the
        charts begin with what differs and the main measures; every other section is folded.
    """
    params, scores = differing(runs), _main_scores(runs)
    sections = [OVERVIEW, FIRST, *_other_sections(runs)]
    return {
        "searchFilter": wanted,
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "selectedColumns": [
            *(f"params.`{name}`" for name in params),
            *(f"metrics.`{name}`" for name in scores),
        ],
        "compareRunSections": [_section(name) for name in sections],
        "compareRunCharts": [_difference()],
        "isAccordionReordered": True,
    }


def differing(runs: "Sequence[Run]") -> list[str]:
    """List the parameters of which not all runs have the same value.

    Args:
        runs: any.

    Returns:
        The sampler first, then the others by name.
    """
    names = sorted(set(chain.from_iterable(run.data.params for run in runs)))
    found = [name for name in names if len({run.data.params.get(name) for run in runs}) > 1]
    return ["sampler", *(name for name in found if name != "sampler")][:MOST]


def _main_scores(runs: "Sequence[Run]") -> list[str]:
    names = set(chain.from_iterable(run.data.metrics for run in runs))
    return sorted(name for name in names if name.startswith(f"{FIRST}/"))[:MOST]


def _other_sections(runs: "Sequence[Run]") -> list[str]:
    """List the sections that MLflow makes of the names of metrics; its own name stands for the machine's."""
    names = set(chain.from_iterable(run.data.metrics for run in runs))
    sections = {name.rpartition("/")[0] for name in names} - {FIRST, SYSTEM, ""}
    return [*sorted(sections, key=lambda name: (name not in CURVES, name)), "System metrics"]


def _section(name: str) -> dict[str, Any]:
    section = {"uuid": _id(name), "name": name, "isReordered": False, "deleted": False}
    return section | {"display": name in LAID_OUT} | LAID_OUT.get(name, {})


def _difference() -> dict[str, Any]:
    """Describe our chart, a table of parameters; MLflow adds those of single metrics to their sections."""
    return {
        "uuid": _id("difference"),
        "type": "DIFFERENCE",
        "chartName": "Parameters that differ",
        "metricSectionId": _id(OVERVIEW),
        "deleted": False,
        "isGenerated": False,
        "runsCountToCompare": 10,
        "compareGroups": ["Parameters"],
        "showChangeFromBaseline": False,
        "showDifferencesOnly": True,
        "baselineColumnUuid": "",
    }


def _id(name: str) -> str:
    """Name a part of the view, the same name at each time."""
    return digest(f"hbir view {name}")[:32]
