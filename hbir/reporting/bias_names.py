"""Name the measures of language bias, and say what they mean."""

BIAS_NAMES = {
    "rank_distance_share": "distance / pool",
    "max@r": "Max@R",
    "max@r_share": "Max@R, 0 to 1",
    "tlr@10": "TLR@10",
    "map_other": "mAP, others",
    "mrc@10": "MRC@10",
    "peer": "PEER",
    "language_preference": "LPR",
    "same_language@10": "same language@10",
    "same_language_excess@10": "excess@10",
}
"""In the order of tables."""
FEW = ("max@r_share", "tlr@10", "mrc@10", "same_language@10")
"""What a terminal has room for."""
BIAS_MEANINGS = {
    "Distance / pool": (
        "rank_distance_share",
        "Rank distance as a share of the pool's passages, so that pools of different sizes compare.",
    ),
    "Max@R": (
        "max@r max@r_share",
        "The rank down to which one must read to have all relevant passages, in every language. From 0 to 1: "
        "0 where they all come first, 1 where one comes last.",
    ),
    "TLR@10": (
        "tlr@10",
        "Of the relevant passages in other languages than the query's, the share that is among the first ten.",
    ),
    "mAP, others": (
        "map_other",
        "mAP once the relevant passages in the query's language are taken out of the ranking.",
    ),
    "MRC@10": (
        "mrc@10",
        "Mean rank correlation: Spearman's ρ between the first ten of a query and those of its translations. "
        "1: the language of the query makes no difference; below 0: they hardly share a passage.",
    ),
    "PEER": (
        "peer",
        "Probability of equal expected rank: the p-value of no difference in rank between the languages of "
        "the relevant passages.",
    ),
    "LPR": (
        "language_preference",
        "Language preference rate: how often the best-ranked relevant passage is in the query's language. "
        "Without any preference: the share of the relevant passages that is in it.",
    ),
    "Same language@10, excess@10": (
        "same_language@10 same_language_excess@10",
        "The share of the first ten passages that is in the query's language; excess: minus that language's "
        "share of the pool, 0 without any preference.",
    ),
}
"""Title → measures, and what they mean."""
