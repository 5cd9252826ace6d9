"""Make plans of pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hbir.batching.compositions import OneQueryError, compose
from hbir.batching.draft import Draft
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams
from hbir.batching.plan import Plan
from hbir.batching.setting import Setting, TooFewPairsError
from hbir.batching.summary import Tally
from hbir.core.errors import PlanError
from hbir.core.samplers import SAMPLERS


def draft_plans(
    samplers: Sequence[str], inventory: Inventory, params: BatchParams, seed: int, pairs_fingerprint: str
) -> Iterator[Draft]:
    """Set up the plans of several samplers, each when the one before is drawn.

    Args:
        samplers: names in SAMPLERS.
        inventory: of the pairs; one serves all plans.
        params: the section `batches`.
        seed: the base seed.
        pairs_fingerprint: `file_digest` of the pairs, kept in the plans.

    Yields:
        A plan for each.

    Raises:
        PlanError: when one cannot be made; where batches are too large for the pairs, it names the largest size
            that all samplers can fill.
    """
    try:
        for sampler in samplers:
            yield draft_plan(sampler, inventory, params, seed, pairs_fingerprint)
    except TooFewPairsError as error:
        largest = _largest(samplers, Setting(inventory, params, seed, quiet=True), error)
        fits = f"Set batches.size to {largest} or less, or add pairs." if largest > 1 else "Add pairs."
        hint = f"{fits} A language with few pairs can be left out of batches.languages."
        raise PlanError(where=error.where, expected=error.expected, found=error.found, hint=hint) from error


def _largest(samplers: Sequence[str], setting: Setting, error: TooFewPairsError) -> int:
    """Lower the size to what each hindrance allows, until all samplers can fill their batches; 0: none fits."""
    size = error.largest
    while size > 1:
        smaller = replace(setting, params=replace(setting.params, size=size))
        try:
            for sampler in samplers:
                compose(sampler, smaller)
        except TooFewPairsError as again:
            size = again.largest
        except OneQueryError:
            return 0
        else:
            break
    return size


def draft_plan(
    sampler: str, inventory: Inventory, params: BatchParams, seed: int, pairs_fingerprint: str
) -> Draft:
    """Set up a plan whose batches are drawn when they are asked for.

    Args:
        sampler: a name in SAMPLERS.
        inventory: of the pairs; one serves all plans.
        params: the section `batches`.
        seed: the base seed.
        pairs_fingerprint: `file_digest` of the pairs, kept in the plan.

    Returns:
        The plan before its first batch.
    """
    composition = compose(sampler, Setting(inventory, params, seed))
    return Draft(
        sampler=sampler,
        alpha=params.hybrid.alpha if SAMPLERS[sampler].has_alpha else None,
        batch_size=params.size,
        steps=params.steps,
        seed=seed,
        pairs_fingerprint=pairs_fingerprint,
        inventory=inventory,
        composition=composition,
        tally=Tally(inventory, params.size),
    )


def make_plan(
    sampler: str, inventory: Inventory, params: BatchParams, seed: int, pairs_fingerprint: str
) -> Plan:
    """Draw all batches of one sampler into memory.

    Args:
        sampler: a name in SAMPLERS.
        inventory: of the pairs; one serves all plans.
        params: the section `batches`.
        seed: the base seed.
        pairs_fingerprint: `file_digest` of the pairs, kept in the plan.

    Returns:
        The plan.
    """
    return draft_plan(sampler, inventory, params, seed, pairs_fingerprint).held()
