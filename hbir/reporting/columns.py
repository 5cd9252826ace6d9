"""Name the columns of a table of scores, write their numbers, and say what they mean."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hbir.evaluation.directions import IN_RANKS, LOWER_IS_BETTER, NO_DIRECTION
from hbir.reporting.bias_names import BIAS_MEANINGS, BIAS_NAMES

SETTING_NAMES = {
    "monolingual": "monolingual",
    "cross_lingual": "cross-lingual",
    "multilingual": "multilingual",
    "mteb": "mteb",
}
MEASURE_NAMES = {
    "map": "mAP",
    "map@20": "mAP@20",
    "recall@1": "R@1",
    "recall@10": "R@10",
    "recall@100": "R@100",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
    "rank_distance": "rank distance",
} | BIAS_NAMES
MISSING = "–"


@dataclass(frozen=True, kw_only=True)
class Column:
    """Name one measure in one setting."""

    setting: str
    measure: str
    label: str | None = None
    """Another name than the usual one."""

    @property
    def lower_is_better(self) -> bool:
        """Tell whether the lowest score is the best."""
        return self.measure in LOWER_IS_BETTER

    @property
    def in_ranks(self) -> bool:
        """Tell whether scores are numbers of ranks, and not shares."""
        return self.measure in IN_RANKS

    @property
    def has_best(self) -> bool:
        """Tell whether one score is better than another."""
        return self.measure not in NO_DIRECTION

    @property
    def setting_name(self) -> str:
        """Return the setting as a reader knows it."""
        return SETTING_NAMES.get(self.setting, self.setting)

    @property
    def name(self) -> str:
        """Return the measure as a reader knows it, with an arrow where lower is better."""
        name = self.label or MEASURE_NAMES.get(self.measure, self.measure.replace("map@", "mAP@"))
        return name + (" ↓" if self.lower_is_better else "")

    def text(self, value: float | None) -> str:
        """Write a score with the measure's number of decimals.

        Args:
            value: the score, None where there is none.

        Returns:
            4 decimals, or 1 for numbers of ranks.
        """
        if value is None:
            return MISSING
        return f"{value:,.1f}" if self.in_ranks else f"{value:.4f}"


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


def headline_columns(measures: Sequence[str]) -> tuple[Column, ...]:
    """Choose what the tables of a benchmark show.

    Args:
        measures: its own, the main one first.

    Returns:
        The paper's columns where the main measure is mAP; else the benchmark's own measures in every setting,
        and the rank distance.
    """
    if measures[0] == "map":
        return HEADLINE
    return tuple(
        named_column(measures[0], setting, measure)
        for setting in SETTING_NAMES
        for measure in (*measures, *(("rank_distance",) if setting == "multilingual" else ()))
    )


def named_column(main_measure: str, setting: str, measure: str) -> Column:
    """Name a measure as the benchmark's readers know it.

    Args:
        main_measure: that of the benchmark.
        setting: such as `cross_lingual`.
        measure: such as `recall@1`, which is the accuracy of a benchmark that has it as its main measure.

    Returns:
        The column.
    """
    is_accuracy = measure == main_measure == "recall@1"
    return Column(setting=setting, measure=measure, label="accuracy" if is_accuracy else None)


MEANINGS = {
    "Monolingual": ("monolingual", "Query and passages are in the same language."),
    "Cross-lingual": (
        "cross_lingual",
        "The passages are all in one language, another than the query's. Mean over ordered pairs of languages.",
    ),
    "Multilingual": (
        "multilingual",
        "One pool holds the passages of all languages; the relevant ones of every language count.",
    ),
    "mteb": (
        "mteb",
        "What the mteb package computes, as on its leaderboard: the mean over the task's splits and subsets.",
    ),
    "mAP": ("map", "Mean average precision: of the ranks of all relevant passages. 1 is perfect."),
    "mAP@20": ("map@20", "Mean average precision in the first 20 passages."),
    "nDCG@10": (
        "ndcg@10",
        "Normalised discounted cumulative gain: of the relevant passages in the first ten, the top ones count "
        "most.",
    ),
    "MRR@10": ("mrr@10", "Mean of 1 / rank of the best relevant passage, 0 where none is in the first ten."),
    "Accuracy": ("accuracy", "The share of the queries whose nearest passage is the right one."),
    "R@1, R@10, R@100": (
        "recall@1 recall@10 recall@100",
        "Recall: the share of the relevant passages among the first one, ten or hundred.",
    ),
    "Rank distance": (
        "rank_distance",
        "In the multilingual pool, the rank of a query's worst-ranked relevant passage minus that of its "
        "best-ranked one. Lower is better: a model without language bias ranks an answer alike in every "
        "language. Its size grows with the pool.",
    ),
}
"""Title → settings or measures, and what they mean."""
GROUPS = {
    "Seen, unseen": (
        "seen unseen",
        "A query of cldr is seen when each of the two things that it asks about, such as a territory and a "
        "currency, also stands in a training pair, though never the two together. Else it is unseen.",
    ),
}
"""Title → groups of queries, and what they mean."""


def notes(columns: Iterable[Column], groups: Collection[str] = ()) -> dict[str, str]:
    """Explain what tables show.

    Args:
        columns: of all tables.
        groups: of queries.

    Returns:
        Title → meaning.
    """
    shown = {name for column in columns for name in (column.setting, column.label or column.measure)}
    shown.update(groups)
    meanings = MEANINGS | BIAS_MEANINGS | GROUPS
    return {title: text for title, (names, text) in meanings.items() if shown.intersection(names.split())}
