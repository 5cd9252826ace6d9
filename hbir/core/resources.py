"""Describe the section `resources` of params.yaml: what a command may take of the machine."""

import re
from typing import Annotated

from pydantic import AfterValidator

from hbir.core.params import params_class

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?)B", re.IGNORECASE)
LEAST = 10**9
"""Bytes that Python, its packages and what they read and write take at all."""


def in_bytes(size: str) -> int:
    """Read a size.

    Args:
        size: such as `4GB`, `500 MB`; powers of ten.

    Returns:
        Bytes.

    Raises:
        ValueError: when it is no size.
    """
    found = _SIZE.fullmatch(size.strip())
    if not found:
        raise ValueError("a size such as 4GB")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _checked(size: str) -> str:
    if in_bytes(size) < LEAST:
        raise ValueError(f"a size of at least {LEAST // 10**6}MB")
    return size


@params_class
class ResourceParams:
    """Set what a command may take; no result depends on it."""

    memory: Annotated[str, AfterValidator(_checked)] = "4GB"
    """What `collect` may take of the memory, about; what is more goes to a temporary folder in the project."""

    @property
    def bytes(self) -> int:
        """Return the memory in bytes."""
        return in_bytes(self.memory)
