"""Describe the section `collect` of params.yaml."""

from typing import Annotated, Any

from pydantic import Field

from hbir.core.params import params_class
from hbir.core.registry import Entry


@params_class
class CollectParams:
    """Say where the English pairs come from, and which are left out."""

    sources: Annotated[list[dict[str, Any]], Field(min_length=1)]
    """Each has a `kind`, a `name`, and the keys of its kind."""
    max_query_characters: Annotated[int, Field(ge=1)] = 1000
    """Characters; a longer query is left out."""
    max_passage_characters: Annotated[int, Field(ge=1)] = 10000
    """Characters; a longer passage is left out."""
    near_duplicates: Annotated[float, Field(ge=0.1, le=1)] | None = 0.9
    """Jaccard similarity of character 5-grams from which two queries with two passages are one pair too many;
    null keeps them all."""
    leak_guard: list[Entry] = Field(default_factory=list)
    """Benchmarks, as in `evaluate.benchmarks`, whose queries and passages must not be trained on."""
