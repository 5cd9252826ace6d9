"""Describe the section `translate` of params.yaml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from hbir.cluster.params import ClusterParams
from hbir.core.params import params_class
from hbir.core.registry import Entry

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


@params_class
class EngineParams:
    """Describe an engine without options; each other one adds its own."""

    name: str
    """The engine's name."""


@params_class
class ChecksParams:
    """Say which translations are not taken; null switches a check off."""

    copied_words: Count | None
    """A text is copied through where it came back as it is, or most of its characters in sentences that did,
    each of at least so many words; names and short titles may stay as they are."""
    script: Share | None
    """Smallest share of a translation's letters in the scripts of its language; names, paths and code apart."""
    length_ratio: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)] | None
    """Shortest and longest translation, as multiples of what is usual in its language."""
    repetitions: Annotated[int, Field(ge=2)] | None
    """The same words so many times in a row are a loop, unless the source has one too; letters, where words are
    not spaced."""
    lost_numbers: Share | None
    """Largest share of the source's numbers that may be missing; those of two digits or more count, zeros at
    the ends apart, and one of two digits that is missing alone may be spelt out."""
    max_rejected: Share
    """Largest share of the pairs with a translation that may be rejected; above it the stage fails. Where a
    larger share of all has no translation, it warns."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.length_ratio and self.length_ratio[0] >= self.length_ratio[1]:
            raise ValueError("length_ratio from the shortest to the longest")
        return self


@params_class
class TranslateParams:
    """Say how the English pairs come into the other languages."""

    engine: Entry
    """The engine of all languages; `cldr` renders the embedded corpus from its codes."""
    languages: dict[str, Entry]
    """Another engine for some languages."""
    memory: str
    """Folder, in the project or anywhere, that keeps every translation, so that nothing is translated twice."""
    batch_tokens: Count
    """Tokens per batch, padding included; fewer where memory is short."""
    checks: ChecksParams
    cluster: ClusterParams | None
    """Workers on a Ray cluster (`pip install hbir[cluster]`), or null to translate in this process."""
