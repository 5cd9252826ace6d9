"""Define what every kind of source gives."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field

from hbir.core.languages import ENGLISH
from hbir.core.params import params_class

KEYS, TEXTS, PARALLEL = "keys", "texts", "parallel"
"""What a kind gives: codes that a structured engine renders, English texts, or texts in several languages."""


class Version(NamedTuple):
    """Hold a pair in another language than English."""

    query: str
    passage: str


class Pair(NamedTuple):
    """Hold one pair, English as a rule, before it has ids."""

    query: str
    passage: str
    group: str = ""
    """What falls on one side of train and validation, such as a document; empty: what has the same passage."""
    split: str = ""
    """`train` or `validation`; empty: by a stable hash of the group."""
    query_key: str = ""
    """Codes from which a structured engine renders the query; empty in a source of plain text."""
    passage_key: str = ""
    relation: str = ""
    """A label to count by; empty where the source has none."""
    versions: Mapping[str, Version] = MappingProxyType({})
    """Language → the pair in it, without its own."""
    translate: bool = True
    """Whether an engine brings it into the languages that it has no version in."""
    lang: str = ENGLISH
    """Of query and passage; another than English only where no engine is asked."""

    def texts(self) -> Iterator[tuple[str, Version]]:
        """List the pair in every language at hand.

        Yields:
            Language, query and passage; its own first.
        """
        yield self.lang, Version(self.query, self.passage)
        yield from self.versions.items()


@dataclass(frozen=True)
class Harvest:
    """Hold what a source gives."""

    pairs: Iterable[Pair]
    """Read once, so it may be a generator."""
    dropped: Counter[str] = field(default_factory=Counter)
    """What the source left out, counted by reason; whole when all pairs have been read."""


class Named(Protocol):
    """Require what the params of every kind have."""

    @property
    def name(self) -> str:
        """Return what the column `source` holds."""


@params_class
class TextSource:
    """Hold what every source of texts takes; a kind's own class adds to it."""

    name: str
    """What the column `source` holds."""
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the groups that are held back for validation, by a stable hash."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Pairs to read at most, from the start of the source."""
    expected_pairs: Annotated[int, Field(ge=1)] | None = None
    """Pairs that the source should have; another size is warned about with both numbers."""
    translate: bool = True
    """False keeps the pairs in English alone, as the paper did with Mr. TyDi and MFAQ."""


class Kind(NamedTuple):
    """Hold a kind of source: the class of its params and the function that reads it."""

    params: type[Any]
    read: Callable[[Any], Harvest]
    gives: str = TEXTS
    """KEYS, TEXTS or PARALLEL."""
