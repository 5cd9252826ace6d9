"""List what a comparison may show: trained samplers, and rivals that nothing trains."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hbir.core.samplers import SAMPLERS

INITIAL, BM25, RANDOM = "initial", "bm25", "random"
MERGED = "merged-"
"""Begins the name of an average; the share of xx's weights follows, as params.yaml writes it."""
OF = ("xx", "xy")
"""The samplers whose weights are averaged; the share is the first one's."""
_AND = "+"
"""Stands between a model's name and that of an adjustment."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Describe one row of the tables."""

    name: str
    label: str
    """What the literature calls it."""
    description: str
    """What it is, in a phrase."""
    colour: str
    """In MLflow, as #rrggbb."""
    model: str | None
    """Whose folder in `models/` holds what is scored; None where no model is."""
    adjustment: str | None = None
    """What is done to the model's embeddings."""

    @property
    def owns_model(self) -> bool:
        """Tell whether the model was made for this row."""
        return self.model == self.name != INITIAL


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """Describe what can be done to a model's embeddings without training."""

    label: str
    description: str
    light: float
    """Share of white (or, below 0, of black) in the colour of an adjusted model."""


RIVALS = {
    INITIAL: Row(
        name=INITIAL,
        label="untrained",
        description="the encoder before any training",
        colour="#5f6b76",
        model=INITIAL,
    )
}
"""Models that nothing here trains: what `rivals` in params.yaml may name."""
FLOORS = {
    BM25: Row(
        name=BM25,
        label="BM25",
        description="matching words alone, without a model; words of languages without spaces are n-grams",
        colour="#8a5a2b",
        model=None,
    ),
    RANDOM: Row(
        name=RANDOM,
        label="chance",
        description="random vectors in place of embeddings",
        colour="#a3abb2",
        model=None,
    ),
}
"""What every model should beat: what `floors` in params.yaml may name."""
ADJUSTMENTS = {
    "centred": Adjustment(
        label="centred",
        description="embeddings minus the mean embedding of training passages in their language",
        light=0.4,
    ),
    "lir": Adjustment(
        label="LIR",
        description="embeddings without the first principal directions of training passages in their language",
        light=-0.35,
    ),
}
"""What `evaluate.adjustments` may name. Source of lir: arXiv 2109.04727."""


def merged_name(weight: float) -> str:
    """Name the average of the two samplers.

    Args:
        weight: the share of xx's weights, as params.yaml has it.

    Returns:
        Such as `merged-0.25`, as DVC writes the number too.
    """
    return f"{MERGED}{weight}"


def merged_weight(name: str) -> float | None:
    """Read the share in the name of an average.

    Args:
        name: of a row.

    Returns:
        The share of xx's weights; None where the row is no average.
    """
    try:
        weight = float(name.removeprefix(MERGED)) if name.startswith(MERGED) else math.nan
    except ValueError:
        return None
    return weight if 0 <= weight <= 1 else None


def find_row(name: str) -> Row | None:
    """Find a row by its name.

    Args:
        name: of a sampler, a rival or a floor; `merged-0.5`; or a model and an adjustment, `hybrid+centred`.

    Returns:
        What is known of it; None of a name that this version does not know.
    """
    if name in SAMPLERS:
        sampler = SAMPLERS[name]
        text = sampler.description.replace("{alpha}", "batches.hybrid.alpha")
        return Row(name=name, label=sampler.label, description=text, colour=sampler.colour, model=name)
    weight = merged_weight(name)
    if weight is not None:
        return _merged(name, weight)
    base, _, adjustment = name.rpartition(_AND)
    found = find_row(base) if adjustment in ADJUSTMENTS else None
    if found and found.model and not found.adjustment:
        return _adjusted(name, found, adjustment)
    return {**RIVALS, **FLOORS}.get(name)


def compared_rows(params: Mapping[str, Any]) -> list[str]:
    """List the rows of a comparison in their order.

    Args:
        params: the content of a params.yaml, perhaps an older one that lacks some keys.

    Returns:
        Their names: models, then adjusted ones, then floors.
    """
    merged = [merged_name(weight) for weight in params.get("merged") or []]
    models = [*_names(params, "samplers"), *_names(params, "baselines"), *merged, *_names(params, "rivals")]
    adjusted = [f"{model}{_AND}{adjustment}" for adjustment in adjustments(params) for model in models]
    return [*models, *adjusted, *_names(params, "floors")]


def adjustments(params: Mapping[str, Any]) -> list[str]:
    """Read `evaluate.adjustments`.

    Args:
        params: the content of a params.yaml.

    Returns:
        The names; none where the key is missing.
    """
    evaluate = params.get("evaluate")
    return _names(evaluate, "adjustments") if isinstance(evaluate, Mapping) else []


def _names(params: Mapping[str, Any], key: str) -> list[str]:
    return list(map(str, params.get(key) or []))


def _merged(name: str, weight: float) -> Row:
    one, other = OF
    return Row(
        name=name,
        label="model merging",
        description=f"the average of the weights of {one} ({weight:g}) and {other} ({1 - weight:g})",
        colour=mixed("#6f4fa8", 1.4 * abs(weight - 0.5)),
        model=name,
    )


def _adjusted(name: str, model: Row, adjustment: str) -> Row:
    about = ADJUSTMENTS[adjustment]
    return Row(
        name=name,
        label=f"{model.label}, {about.label}",
        description=f"{model.name}'s {about.description}",
        colour=mixed(model.colour, about.light),
        model=model.model,
        adjustment=adjustment,
    )


def mixed(colour: str, light: float) -> str:
    """Make a colour lighter or darker.

    Args:
        colour: as #rrggbb.
        light: share of white in the result; below 0, of black.

    Returns:
        The colour as #rrggbb.
    """
    target = 255 if light > 0 else 0
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (target - part) * abs(light)):02x}" for part in parts)
