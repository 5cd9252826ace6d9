"""Describe the section `tracking` of params.yaml."""

from pydantic import Field

from hbir.core.params import params_class


@params_class
class TrackingParams:
    """Hold what is kept on the way, and where; no result depends on it."""

    log_every: int = Field(ge=1)
    """Steps between two points of the live curve."""
    checkpoint_every: int = Field(ge=1)
    """Steps between two states from which a killed training resumes."""
    model_size_limit: float = Field(ge=0)
    """MB (10**6 bytes): a larger checkpoint is recorded as a reference to DVC's copy."""
    champion: str | None = Field(pattern=r"^.+/[^/]+/[^/]+$")
    """Benchmark, setting and measure by which a new version of a registered model is compared with the one that
    won so far: it takes its place where it is better and a paired test says so. null: none is registered."""
