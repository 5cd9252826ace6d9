"""Describe the section `evaluate` of params.yaml."""

from typing import Annotated

from pydantic import Field

from hbir.core.params import params_class


@params_class
class EvaluateParams:
    """Choose what the models are scored on."""

    benchmarks: Annotated[list[str], Field(min_length=1)]
    """Names of benchmarks; `cldr` is the embedded one."""
    query_chunk: Annotated[int, Field(ge=1)]
    """Most queries scored at once; their scores take query_chunk × passages × 4 bytes."""
    batch_size: Annotated[int, Field(ge=1)]
    """Texts embedded at once."""
