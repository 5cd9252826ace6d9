"""Describe the section `tracking` of params.yaml."""

from pydantic import Field

from hbir.core.params import params_class


@params_class
class TrackingParams:
    """Hold what may be recorded where; no result depends on it."""

    model_size_limit: float = Field(ge=0)
    """MB (10**6 bytes): a larger checkpoint is recorded as a reference to DVC's copy."""
