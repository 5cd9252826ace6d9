"""Define a benchmark whose corpus is too large to be held: it is streamed, language by language."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hbir.benchmarks.local import trimmed
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.hashing import digest, file_digest
from hbir.core.lines import broken, read_jsonl

IDS = ("_id", "docid", "id")
"""Names under which the id of a passage is known, the first that is there counts."""


class Passage(NamedTuple):
    """Hold one passage of a corpus."""

    id: str
    text: str
    body: str = ""
    """The text without the title before it; empty where it has none."""


class Corpus(Protocol):
    """Stream the passages of one language, the same ones in the same order every time."""

    def __iter__(self) -> Iterator[Passage]:
        """Read the passages from the start."""

    def fingerprint(self) -> str:
        """Return what changes whenever a passage does, as hexadecimal."""


def parse_passage(
    path: Path, number: int, row: Mapping[str, Any], *, blank: bool = False, ids: Sequence[str] = IDS
) -> Passage:
    """Read a passage as the field joins it: title, a space, text (Source: the packages beir and pyserini).

    Args:
        path: the file it stands in.
        number: its line, from 1.
        row: its fields.
        blank: whether it may have neither a title nor a text.
        ids: names of the field with the id, the first that is there counts.

    Returns:
        The passage.

    Raises:
        DataError: when it has no id, no field `text`, or is blank where that is not allowed.
    """
    key = next((name for name in ids if name in row), ids[0])
    passage_id, title, text = row.get(key), row.get("title") or "", row.get("text")
    if isinstance(passage_id, str):
        passage_id = trimmed(passage_id)
    if isinstance(passage_id, bool) or not isinstance(passage_id, str | int) or passage_id == "":
        raise broken(path, number, f"an id as `{key}`", repr(passage_id) if key in row else "none")
    if not isinstance(text, str) or not isinstance(title, str):
        found = repr(title) if isinstance(text, str) else repr(text) if "text" in row else "none"
        raise broken(path, number, "a `text`, and a `title` that is text too if any", found)
    whole = f"{title} {text}".strip()
    if not blank and not trimmed(whole):
        raise broken(path, number, "a text that is not empty", f"an empty one with the id {str(passage_id)!r}")
    return Passage(str(passage_id), whole, text.strip() if title else "")


@dataclass(frozen=True)
class FileCorpus:
    """Stream the passages of one language from JSON-lines files of their own."""

    names: tuple[str, ...]
    """The files, in their order."""
    find: Callable[[str], Path]
    """Brings a file to this machine."""
    version: str = ""
    """Hexadecimal, what names the files' content; where empty, they are read to hash them."""

    def __iter__(self) -> Iterator[Passage]:
        """Read the passages from the start."""
        for name in self.names:
            path = self.find(name)
            for number, row in read_jsonl(path):
                yield parse_passage(path, number, row)

    def fingerprint(self) -> str:
        """Return a hash of the files."""
        content = [self.version] if self.version else [file_digest(self.find(name)) for name in self.names]
        return digest("\n".join([*self.names, *content]))

    def sizes(self) -> str:
        """Return a hash of what is known without reading: the names, and the version or the sizes in bytes."""
        sizes = [] if self.version else [str(self.find(name).stat().st_size) for name in self.names]
        return digest("\n".join([*self.names, self.version, *sizes]))


@dataclass(frozen=True, kw_only=True)
class StreamedTask:
    """Hold a benchmark of whose passages the best are retrieved instead of ranking all."""

    judged: RetrievalTask
    """Queries and relevance; its passages are the relevant ones alone, their ids `<language>:<id>` and their
    texts empty."""
    corpora: Mapping[str, Corpus]
    """Language → its passages; ids without the language."""
    top_k: int = 1000
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
