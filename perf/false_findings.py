"""Measure how often tables of rows that are all alike show a difference over several seeds.

A table has a score per row and seed: what the choice of queries gives a row, the same in every seed, and what a
training adds. The difference that queries give has a standard deviation of 1, and 200 clusters; that of
trainings is `SPREAD`, or 0. After Holm's correction no more than ALPHA of all tables should show a difference.
"""

from collections.abc import Mapping

import click
import numpy as np
from scipy.special import ndtr

from hbir.evaluation.seed_tests import p_over_seeds
from hbir.evaluation.significance import ALPHA, holm

TABLES = 4000
SPREAD = 4.0
"""Of trainings, beside 1 of queries: so seeds decide."""
CLUSTERS = 200
SIZES = ((2, 2), (2, 3), (2, 8), (3, 2), (3, 3), (3, 8), (3, 11), (5, 8))
"""Seeds and rows."""


def shown(seeds: int, spreads: np.ndarray, tables: int = TABLES, exchanges: bool = False) -> float:
    """Simulate tables.

    Args:
        seeds: of each row.
        spreads: (rows,) standard deviation of the trainings of each row; the first row is the reference.
        tables: how many.
        exchanges: whether to test queries alone, as exchanging clusters does.

    Returns:
        The share of the tables with a difference.
    """
    rng = np.random.default_rng(0)
    rows = len(spreads)
    found = 0
    for _ in range(tables):
        scores = rng.normal(0, np.sqrt(0.5), rows) + rng.normal(0, 1, (seeds, rows)) * spreads
        by_seed = scores[:, 1:] - scores[:, :1]
        if exchanges:
            p = 2 * ndtr(-np.abs(by_seed.mean(axis=0)))
        else:
            p = p_over_seeds(by_seed, np.ones(rows - 1), np.full(rows - 1, CLUSTERS))
        found += bool((holm(p) <= ALPHA).any())
    return found / tables


def kinds(rows: int) -> Mapping[str, np.ndarray]:
    """List what trainings may do.

    Args:
        rows: of the table, the reference among them.

    Returns:
        Heading → spread of each row.
    """
    alike = np.full(rows, SPREAD)
    one, reference, fixed = alike.copy(), alike.copy(), alike.copy()
    one[-1] *= 4
    reference[0] *= 4
    fixed[-1] = 0
    return {
        "trainings add nothing": 0 * alike,
        "all vary alike": alike,
        "one row varies four times as much": one,
        "the reference does": reference,
        "one row does not vary": fixed,
    }


@click.command()
def main() -> None:
    """Write a table for docs/explanation/significance.md."""
    click.echo(f"| seeds, rows | {' | '.join(kinds(2))} | all vary alike, queries tested alone |")
    click.echo(f"|---|{'---:|' * (len(kinds(2)) + 1)}")
    for seeds, rows in SIZES:
        shares = [shown(seeds, spreads) for spreads in kinds(rows).values()]
        shares.append(shown(seeds, np.full(rows, SPREAD), exchanges=True))
        click.echo(f"| {seeds}, {rows} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")


if __name__ == "__main__":
    main()
