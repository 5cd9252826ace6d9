"""Read files of parallel texts, `{id, text: {language: …}}` per line, as queries and passages."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from hbir.benchmarks.spans import count_words, cut, place
from hbir.core.languages import ENGLISH, language_code
from hbir.core.lines import broken, read_jsonl
from hbir.core.objects.streams import Readable
from hbir.core.params import params_class
from hbir.core.seeds import derive_seed
from hbir.core.seen import Seen
from hbir.core.text import is_empty, normalise

_SHAPES = "a text, or `title` and `body`"
Share = Annotated[float, Field(gt=0, le=1)]


@params_class
class Reading:
    """Say how rows of parallel texts become queries and passages."""

    query: Literal["title", "span"] = "title"
    """`title`: it asks for its body; `span`: a random part of the text (of the body) asks for the whole."""
    span: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.3, 0.6])
    """Shortest and longest span, as shares of the text."""
    fewest_words: Annotated[int, Field(ge=1)] = 8
    """Words of the text in the pivot below which no span is cut; where words are not spaced, two characters
    count as one."""
    pivot: str = ENGLISH
    """Language that every row must have: by it repetitions, ambiguous queries and what was left untranslated
    are told. A source of `collect` takes English alone."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.span[0] > self.span[1]:
            raise ValueError("a shortest span that is not above the longest")
        return self


class Text(NamedTuple):
    """Hold a query and its passage in one language."""

    query: str
    passage: str


class Row(NamedTuple):
    """Hold one line of the file."""

    id: str
    versions: dict[str, Text]
    """Language → query and passage, with a letter or digit each; the pivot is among them, what is untranslated
    is not."""

    @property
    def document(self) -> str:
        """Return the id up to `#`: the file that the text is from."""
        return self.id.split("#", 1)[0]


def is_held_out(document: str, share: float) -> bool:
    """Tell whether a document is kept from training, to be asked for in the benchmark.

    Args:
        document: its id.
        share: share of all documents.

    Returns:
        The same in every file and on every machine.
    """
    return derive_seed(0, "held out", document) < share * 2**63


def read_rows(path: Readable, reading: Reading, dropped: Counter[str]) -> Iterator[Row]:
    """Read the rows that have a query and a passage in the pivot, which is English unless another is named.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file.
        reading: what becomes the query.
        dropped: counts, by reason, the rows and the single languages that are left out.

    Yields:
        The rows in the order of the file.

    Raises:
        DataError: when the file is missing or broken, a row has another shape, or an id comes twice.
    """
    seen = Seen()
    for line, value in read_jsonl(path):
        row_id, texts = _row_id(value, path, line), value.get("text")
        if not isinstance(texts, Mapping):
            raise broken(path, line, "`text`, a mapping of languages", _found(value, "text"))
        if seen.add(row_id):
            raise broken(path, line, "an id of its own", f"{row_id!r} a second time")
        parts = {lang: _parts(text, reading, path, line) for lang, text in _coded(texts, path, line).items()}
        pivot = parts.get(reading.pivot)
        if pivot is None:
            dropped[f"row without {_named(reading.pivot)}"] += 1
        elif reading.query == "span" and count_words(pivot.passage, reading.pivot) < reading.fewest_words:
            dropped["text too short for a span"] += 1
        else:
            versions = _versions(parts, pivot, row_id, reading, dropped)
            if reading.pivot in versions:
                yield Row(row_id, versions)


def _named(pivot: str) -> str:
    return "English" if pivot == ENGLISH else pivot


def _row_id(row: Mapping[str, Any], path: Readable, line: int) -> str:
    """Read an id; a number is taken by its digits."""
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise broken(path, line, "`id`, a text or a whole number", _found(row, "id"))
    return value


def _coded(texts: Mapping[str, Any], path: Readable, line: int) -> dict[str, Any]:
    """Give every language its one code: `zh-CN` is zh."""
    written: dict[str, str] = {}
    for name in texts:
        code = language_code(name, f"{path}, line {line}: text")
        if (other := written.setdefault(code, name)) != name:
            raise broken(path, line, "one text per language", f"{other!r} and {name!r}, which are both {code}")
    return {code: texts[name] for code, name in written.items()}


def _found(row: Mapping[str, Any], key: str) -> str:
    return repr(row[key])[:60] if key in row else f"the keys {', '.join(row) or 'of an empty row'}"


def _parts(value: Any, reading: Reading, path: Readable, line: int) -> Text | None:
    """Read title and body; None for a text without any letter or digit, such as an empty one."""
    if isinstance(value, Mapping) and {"title", "body"} <= set(value):
        title, body = value["title"] or "", value["body"] or ""
    else:
        title, body = "", value or ""
        if reading.query == "title" and value is not None:
            raise broken(path, line, "`title` and `body` in every language", repr(value)[:60])
    if not isinstance(title, str) or not isinstance(body, str):
        raise broken(path, line, _SHAPES, repr(value)[:60])
    missing = is_empty(body) or (is_empty(title) and reading.query == "title")
    return None if missing else Text(title, body)


def _versions(
    parts: Mapping[str, Text | None], pivot: Text, row_id: str, reading: Reading, dropped: Counter[str]
) -> dict[str, Text]:
    versions = {}
    # To draw a place takes as long as all else that is done with a row, so it is drawn where it is asked for.
    where = place(row_id, reading.span) if reading.query == "span" else None
    original = normalise(pivot.passage)
    for language, part in parts.items():
        if part is None:
            dropped["version without a text"] += 1
        elif language != reading.pivot and normalise(part.passage) == original:
            dropped["version left untranslated"] += 1
        elif where is None:
            versions[language] = part
        elif not is_empty(span := cut(part.passage, language, where)):
            versions[language] = Text(span, part.passage)
        else:
            dropped["version whose span has no word"] += 1
    return versions
