"""Choose the few numbers that stand for a sampler in Git."""

from typing import Any

SETTINGS = ("monolingual", "cross_lingual", "multilingual")


def headline(settings: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Choose mAP in each setting, and the rank distance: what fits a screen in `dvc metrics show`.

    Args:
        settings: per benchmark the scores of each setting.

    Returns:
        Per benchmark `map`, to four decimals by setting, and `rank_distance`, to one.
    """
    return {name: _chosen(scores) for name, scores in settings.items()}


def _chosen(scores: dict[str, dict[str, float]]) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "map": {name: round(scores[name]["map"], 4) for name in SETTINGS if name in scores}
    }
    if "rank_distance" in scores.get("multilingual", {}):
        chosen["rank_distance"] = round(scores["multilingual"]["rank_distance"], 1)
    return chosen
