"""List the samplers: what a batch of each holds, and how it is shown. A new sampler is a new entry here."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Describe one way to compose batches."""

    name: str
    """As in params.yaml and in the names of files."""
    composition: str
    """How its batches are composed: a name in `hbir.batching.compositions.COMPOSITIONS`."""
    label: str
    """What the literature calls it."""
    description: str
    """What a batch holds; `{alpha}` stands for the share of batches in one language."""
    colour: str
    """In plots, as #rrggbb; the colours can be told apart by readers with any colour vision."""
    has_alpha: bool = False
    """Whether `batches.hybrid.alpha` decides about its batches."""
    has_stage: bool = False
    """Whether dvc.yaml has a stage `train_<name>`; the others are trained where `baselines` names them."""


_TABLE = (
    Sampler(
        name="xx",
        composition="one_language",
        label="X-X-mono",
        description="every batch in one language",
        colour="#0072b2",
        has_stage=True,
    ),
    Sampler(
        name="xy",
        composition="two_languages",
        label="X-Y",
        description="query and passage of every pair in two languages, mixed row by row",
        colour="#d98c00",
        has_stage=True,
    ),
    Sampler(
        name="hybrid",
        composition="coin",
        label="hybrid",
        description="a coin decides per batch: one language (probability alpha = {alpha}) or mixed pairs",
        colour="#009e73",
        has_alpha=True,
        has_stage=True,
    ),
    Sampler(
        name="mixed",
        composition="same_language",
        label="X-X",
        description="query and passage of every pair in one language, the languages mixed within the batch",
        colour="#c4639b",
    ),
    Sampler(
        name="english",
        composition="english",
        label="En-En",
        description="English alone",
        colour="#d55e00",
    ),
    Sampler(
        name="hybrid_rows",
        composition="coin_per_row",
        label="hybrid, row by row",
        description="a coin decides per row: query and passage in one language (probability alpha = {alpha}) "
        "or in two, the languages mixed within the batch",
        colour="#332288",
        has_alpha=True,
    ),
    Sampler(
        name="all_languages",
        composition="all_languages",
        label="mixed-language batches",
        description="every query, in one language, with its passages in all languages, none of which is a "
        "negative of another",
        colour="#661100",
    ),
)
SAMPLERS: dict[str, Sampler] = {sampler.name: sampler for sampler in _TABLE}
"""Every sampler by its name.

Sources: arXiv 2408.10536 (xx, xy, hybrid), arXiv 2004.05484 (mixed, english), arXiv 2209.01335 (all_languages).
"""


def with_stage() -> list[str]:
    """List the samplers that have a stage of their own, and so are always planned and trained.

    Returns:
        Their names.
    """
    return [sampler.name for sampler in SAMPLERS.values() if sampler.has_stage]


def baselines() -> list[str]:
    """List the samplers that are planned, trained and scored where `baselines` in params.yaml names them.

    Returns:
        Their names.
    """
    return [sampler.name for sampler in SAMPLERS.values() if not sampler.has_stage]
