"""Say what settings and measures mean."""

from collections.abc import Collection, Iterable

from hbir.reporting.columns import Column

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
    meanings = MEANINGS | GROUPS
    return {title: text for title, (names, text) in meanings.items() if shown.intersection(names.split())}
