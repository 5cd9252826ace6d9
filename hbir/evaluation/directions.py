"""Say of which measures a lower value is the better one, and which are counted in ranks."""

from hbir.evaluation.measures import RANK_DISTANCE

LOWER_IS_BETTER = frozenset({RANK_DISTANCE, "rank_distance_share", "max@r", "max@r_share"})
"""Names of measures; of all others a higher value is better, but for those without a direction."""
IN_RANKS = frozenset({RANK_DISTANCE, "max@r"})
"""Names of measures; all others are shares, from 0 to 1."""
NO_DIRECTION = frozenset({"same_language@10", "same_language_excess@10", "language_preference"})
"""Names of measures that say which languages are preferred; whether that is good depends on the user."""
