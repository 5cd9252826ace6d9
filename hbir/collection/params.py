"""Describe the section `collect` of params.yaml."""

from typing import Annotated, Any

from pydantic import Field

from hbir.core.params import params_class


@params_class
class CollectParams:
    """Say where the English pairs come from."""

    sources: Annotated[list[dict[str, Any]], Field(min_length=1)]
    """Each has a `kind`, a `name` of its own, and the keys of its kind."""
