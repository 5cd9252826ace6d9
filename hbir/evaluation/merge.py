"""Put the evaluations of a benchmark's tasks together: each has a pool of its own, the means are over all."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from hbir.evaluation.report import Evaluation
from hbir.evaluation.settings import macro_means


def merged(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Merge the evaluations of the tasks of one benchmark.

    Args:
        evaluations: at least one, without groups if there are several.

    Returns:
        One evaluation; its settings are means over the cells of all.
    """
    if len(evaluations) == 1:
        return evaluations[0]
    cells = pa.concat_tables([evaluation.cells for evaluation in evaluations])
    return Evaluation(
        task=_description([evaluation.task for evaluation in evaluations]),
        settings=macro_means(cells),
        groups={},
        counts=_sum([evaluation.counts for evaluation in evaluations]),
        cells=cells,
        queries=pa.concat_tables([evaluation.queries for evaluation in evaluations]),
    )


def _description(tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return tasks[0] | {
        "languages": sorted({language for task in tasks for language in task["languages"]}),
        "queries": sum(task["queries"] for task in tasks),
        "passages": sum(task["passages"] for task in tasks),
    }


def _sum(counts: Sequence[Any]) -> Any:
    if isinstance(counts[0], dict):
        return {name: _sum([count[name] for count in counts]) for name in counts[0]}
    return sum(counts)
