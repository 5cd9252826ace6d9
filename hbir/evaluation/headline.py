"""Choose the few numbers that stand for a sampler in Git."""

from collections.abc import Mapping
from typing import Any

from hbir.evaluation.results import measures_of


def headline(summaries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Choose the main measure in each setting, and the rank distance: what fits a screen in `dvc metrics show`.

    Args:
        summaries: per benchmark its `task` and `settings`, as in summary.json.

    Returns:
        Per benchmark its main measure, such as `map`, to four decimals by setting, and `rank_distance`, to one.
    """
    return {name: _chosen(summary["task"], summary["settings"]) for name, summary in summaries.items()}


def _chosen(task: Mapping[str, Any], settings: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    main = measures_of(task)[0]
    chosen: dict[str, Any] = {
        main: {name: round(scores[main], 4) for name, scores in settings.items() if main in scores}
    }
    if "rank_distance" in settings.get("multilingual", {}):
        chosen["rank_distance"] = round(settings["multilingual"]["rank_distance"], 1)
    return chosen
