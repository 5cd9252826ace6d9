"""Define a benchmark whose corpus is too large to be held: it is streamed, language by language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError


class Passage(NamedTuple):
    """Hold one passage of a corpus."""

    id: str
    text: str


class Corpus(Protocol):
    """Stream the passages of one language, the same ones in the same order every time."""

    def __iter__(self) -> Iterator[Passage]:
        """Read the passages from the start."""

    def fingerprint(self) -> str:
        """Return what changes whenever a passage does, as hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class StreamedTask:
    """Hold a benchmark whose passages are retrieved to some depth instead of ranked exactly."""

    judged: RetrievalTask
    """Queries and relevance; its passages are the relevant ones alone, their ids `<language>:<id>` and their
    texts empty."""
    corpora: dict[str, Corpus]
    """Language → its passages; ids without the language."""
    depth: int = 1000
    """Passages retrieved per query and pool."""
    unknown_share: float = 0.0
    """Largest share of relevant passages that may be absent from the corpora."""

    def __post_init__(self) -> None:
        """Check that every relevant passage is of a language with a corpus."""
        absent = sorted(set(self.judged.passage_langs) - set(self.corpora))
        if absent:
            raise DataError(
                where=f"benchmark {self.judged.name}",
                expected="a corpus for every language of a relevant passage",
                found=f"none for {', '.join(absent)}",
                hint="Check the benchmark's files.",
            )

    @property
    def name(self) -> str:
        """Return the name of the benchmark."""
        return self.judged.name
