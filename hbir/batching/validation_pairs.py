"""Find the pairs that a training is validated on, and check early that there are enough."""

from collections.abc import Sequence
from typing import Literal

from hbir.batching.inventory import Inventory
from hbir.batching.pool import Pool, same_language
from hbir.core.errors import PlanError
from hbir.core.schemas import VALIDATION
from hbir.core.tables import Rows

ALL_SOURCES = "all"
"""What the sources are called together: validation draws from all of them at once."""


def validation_inventory(pairs: Rows) -> Inventory:
    """Index the validation pairs as if they came from one source.

    Args:
        pairs: rows of `data/pairs.parquet`.

    Returns:
        The inventory.

    Raises:
        PlanError: when there is no validation pair.
    """
    return Inventory.of(pairs, VALIDATION, together=ALL_SOURCES)


def check_validation(pairs: Rows, languages: Literal["all"] | Sequence[str]) -> None:
    """Check that every language can be validated on.

    Args:
        pairs: rows of `data/pairs.parquet`.
        languages: `train.validation.monolingual`.

    Raises:
        PlanError: when a language has fewer than two that can stand in one batch, or there are none at all.
    """
    inventory = validation_inventory(pairs)
    for lang in inventory.languages if languages == "all" else languages:
        pool = Pool.of(inventory, ALL_SOURCES, [lang], same_language)
        if len(pool.apart(2)) < 2:
            raise PlanError(
                where=f"validation pairs in {lang}",
                expected="at least two with different queries and passages",
                found=f"{len(pool)}",
                hint="Raise `validation` of a source, add pairs, or name the languages that have enough in "
                "train.validation.monolingual.",
            )
