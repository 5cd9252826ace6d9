"""Say of which measures a lower value is the better one, and which are counted in ranks."""

from hbir.evaluation.measures import RANK_DISTANCE

LOWER_IS_BETTER = frozenset({RANK_DISTANCE})
"""Names of measures; of all others a higher value is better."""
IN_RANKS = frozenset({RANK_DISTANCE})
"""Names of measures; all others are shares, from 0 to 1."""
