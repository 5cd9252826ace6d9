"""Look into a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hbir.evaluation.results import SamplerResults
from hbir.tracking.store import Store
from tests.reporting import builder


def build(root: Path, samplers: Sequence[str] = ("xx", "xy", "hybrid"), **options: Any) -> list[SamplerResults]:
    """Write results in two languages, for drawing more takes time."""
    return builder.build(root, samplers, languages=("de", "en"), **options)


def runs(store: Store) -> dict[str, Any]:
    """Return the runs by name without the seed; two of one name would hide each other, so that is an error."""
    found = store.client.search_runs([store.experiment_id])
    named = {run.info.run_name.replace(" seed 1", ""): run for run in found}
    assert len(named) == len(found), sorted(run.info.run_name for run in found)
    return named


def history(store: Store, run: Any, metric: str) -> list[tuple[int, float]]:
    return sorted((m.step, m.value) for m in store.client.get_metric_history(run.info.run_id, metric))


def lengths(store: Store) -> dict[str, dict[str, int]]:
    """Return run → metric → number of values ever logged."""
    return {
        name: {metric: len(history(store, run, metric)) for metric in run.data.metrics}
        for name, run in runs(store).items()
    }


def artifacts(store: Store, run: Any, folder: str = "") -> set[str]:
    return {item.path for item in store.client.list_artifacts(run.info.run_id, folder)}
