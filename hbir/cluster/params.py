"""Describe where batch work is done when it is not in this process."""

from typing import Annotated

from pydantic import Field

from hbir.core.params import params_class


@params_class
class ClusterParams:
    """Name a Ray cluster, and how many workers do the work there."""

    address: str
    """Of a Ray cluster; `auto` finds the one of this machine or of RAY_ADDRESS, `local` starts one here."""
    workers: Annotated[int, Field(ge=1)]
    """Processes, each with a copy of the model."""
