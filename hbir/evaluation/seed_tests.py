"""Test differences over several seeds: trainings vary as well as queries.

A mean over seeds has two sources of chance. What other queries would change is the same in every seed, and does
not shrink with more of them. What other trainings would change shows between the seeds.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from hbir.evaluation.parts import Part


def p_of_parts(parts: Sequence[Part]) -> np.ndarray:
    """Test all differences of a table, each with the spread between seeds of its setting, measure and language.

    Args:
        parts: of at least two seeds.

    Returns:
        (comparisons,) float64, not corrected, in the order of the parts and of their languages.
    """
    places = [(part, index) for part in parts for index in range(len(part.shares.languages))]
    columns: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, (part, index) in enumerate(places):
        columns[part.setting, part.measure, part.shares.languages[index]].append(place)
    p = np.empty(len(places))
    for members in columns.values():
        chosen = [places[member] for member in members]
        p[members] = p_over_seeds(
            np.column_stack([part.by_seed[:, index] for part, index in chosen]),
            np.array([part.variance(index) for part, index in chosen]),
            np.array([part.shares.there[:, index].sum() for part, index in chosen]),
        )
    return p


def p_over_seeds(by_seed: np.ndarray, of_queries: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Test the differences of several rows of a table to one of them, each a mean over seeds.

    Formula: t = mean / √(v / S + q), of a t distribution whose degrees of freedom are
    (v / S + q)² / ((v / S)² / f + q² / (n − 1)). S seeds; q: the variance of the mean that queries give, of n
    clusters; v: the variance of the difference between seeds, twice the residual variance of rows × seeds, with
    f = (rows − 1)(S − 1), and not less than the row's own. (Source: the two-way analysis of variance, with
    Satterthwaite's degrees of freedom, Biometrics Bulletin 2, 1946.)

    So it takes trainings to vary about as much in every row: three seeds of one row alone say next to nothing.
    A row that varies more is tested with its own spread, to be careful.

    Args:
        by_seed: (S, rows − 1) float64, the difference of each row to the one, in each seed; at least two seeds.
        of_queries: (rows − 1,) float64, q of each difference.
        clusters: (rows − 1,) int64, n of each.

    Returns:
        (rows − 1,) float64, two-sided. 1 where no seed has a difference.
    """
    from scipy.special import stdtr

    seeds = len(by_seed)
    pooled, freedom = _residual(by_seed)
    between = np.maximum(2 * pooled, by_seed.var(axis=0, ddof=1)) / seeds
    total = between + of_queries
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing varies
        degrees = total**2 / (between**2 / freedom + of_queries**2 / np.maximum(clusters - 1, 1))
        size = np.abs(by_seed.mean(axis=0)) / np.sqrt(total)
        p = 2 * stdtr(degrees, -size)
    return np.where(total > 0, p, np.where(by_seed.any(axis=0), 0.0, 1.0))


def _residual(by_seed: np.ndarray) -> tuple[float, int]:
    """Return the residual variance of rows × seeds and its degrees of freedom.

    The one row itself counts, with differences of 0: taking it from all rows of a seed changes no residual.
    Rows that are the same in every seed are one training under two names.
    """
    whole = np.unique(np.column_stack([np.zeros(len(by_seed)), by_seed]), axis=1)  # (S, rows)
    residuals = whole - whole.mean(axis=0) - whole.mean(axis=1, keepdims=True) + whole.mean()
    freedom = max(1, (whole.shape[0] - 1) * (whole.shape[1] - 1))
    return float((residuals**2).sum()) / freedom, freedom
