"""Choose the few numbers that stand for a sampler in Git."""

from typing import Any

SHOWN = {
    "monolingual": ("map", "recall@1"),
    "cross_lingual": ("map", "recall@1"),
    "multilingual": ("map", "recall@10", "rank_distance"),
}
"""The measures of the paper's tables, by setting."""


def headline(settings: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Choose the paper's measures.

    Args:
        settings: per benchmark the scores of each setting.

    Returns:
        The same without the other measures, to four decimals (rank distance to one).
    """
    return {name: _chosen(scores) for name, scores in settings.items()}


def _chosen(scores: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        setting: {name: round(scores[setting][name], 1 if name == "rank_distance" else 4) for name in measures}
        for setting, measures in SHOWN.items()
        if setting in scores
    }
