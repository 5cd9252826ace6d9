"""Name the columns of a table of scores, and write their numbers."""

from dataclasses import dataclass

SETTING_NAMES = {
    "monolingual": "monolingual",
    "cross_lingual": "cross-lingual",
    "multilingual": "multilingual",
}
MEASURE_NAMES = {
    "map": "mAP",
    "recall@1": "R@1",
    "recall@10": "R@10",
    "recall@100": "R@100",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
    "rank_distance": "rank distance",
}
MISSING = "–"


@dataclass(frozen=True, kw_only=True)
class Column:
    """Name one measure in one setting."""

    setting: str
    measure: str

    @property
    def lower_is_better(self) -> bool:
        """Tell whether the lowest score is the best."""
        return self.measure == "rank_distance"

    @property
    def setting_name(self) -> str:
        """Return the setting as a reader knows it."""
        return SETTING_NAMES.get(self.setting, self.setting)

    @property
    def name(self) -> str:
        """Return the measure as a reader knows it, with an arrow where lower is better."""
        return MEASURE_NAMES.get(self.measure, self.measure) + (" ↓" if self.lower_is_better else "")

    def text(self, value: float | None) -> str:
        """Write a score with the measure's number of decimals.

        Args:
            value: the score, None where there is none.

        Returns:
            4 decimals, or 1 for a rank distance.
        """
        if value is None:
            return MISSING
        return f"{value:,.1f}" if self.lower_is_better else f"{value:.4f}"


HEADLINE = tuple(
    Column(setting=setting, measure=measure)
    for setting, measures in (
        ("monolingual", ("map", "recall@1")),
        ("cross_lingual", ("map", "recall@1")),
        ("multilingual", ("map", "recall@10", "rank_distance")),
    )
    for measure in measures
)
"""What the paper's tables show (Source: arXiv 2408.10536)."""
