"""Define what every kind of source gives."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Pair(NamedTuple):
    """Hold one English pair before it has ids."""

    split: str
    """`train` or `validation`."""
    query: str
    passage: str
    query_key: str = ""
    """Codes from which a structured engine renders the query; empty in a source of plain text."""
    passage_key: str = ""
    relation: str = ""
    """A label to count by; empty where the source has none."""


@dataclass(frozen=True)
class Harvest:
    """Hold what a source gave."""

    pairs: list[Pair]
    dropped: Counter[str] = field(default_factory=Counter)
    """What was left out, counted by reason."""


class Named(Protocol):
    """Require what the params of every kind have."""

    @property
    def name(self) -> str:
        """Return what the column `source` holds."""


class Kind(NamedTuple):
    """Hold a kind of source: the class of its params and the function that reads it."""

    params: type[Any]
    read: Callable[[Any], Harvest]
