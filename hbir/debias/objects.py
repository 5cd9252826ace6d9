"""Read parallel texts from JSON lines, in the shapes in which they are usually kept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hbir.benchmarks.parallel_rows import Text
from hbir.core.errors import LanguageError
from hbir.core.lines import broken, read_jsonl
from hbir.debias.aligned import named_language

_WITHIN = ("text", "translation")
"""Keys under which a line may keep its languages."""
_NO_LANGUAGE = ("id", *_WITHIN)
"""Keys beside the languages that would be taken for one; Indonesian wants the key `text`."""
_SIDES = (("title", "body"), ("query", "passage"))
"""Keys of a text in two parts."""
_SHAPE = 'texts by language, as in {"text": {"en": "…", "de": "…"}}'


def read_objects(path: Path, dropped: Counter[str]) -> Iterator[tuple[str, dict[str, Text]]]:
    """Read one object per line.

    A line keeps its languages under `text` or `translation`, or as its own keys. A text is a string, or has
    `title` and `body`, or `query` and `passage`. The document is the key `document`, or the `id` up to `#`.

    Args:
        path: the file.
        dropped: nothing is left out here.

    Yields:
        The document, empty where none is named, and the texts by language.

    Raises:
        DataError: when a line is of another shape, or has two texts of one language.
        LanguageError: when a language is not in the table.
    """
    del dropped
    for line, value in read_jsonl(path):
        texts = _texts(value, path, line)
        codes: dict[str, str] = {}
        for name in texts:
            code = named_language(name, f"{path}, line {line}")
            if (other := codes.setdefault(code, name)) != name:
                raise broken(path, line, "one text per language", f"{other!r} and {name!r}, both {code}")
        versions = {code: _parts(texts[name], path, line) for code, name in codes.items()}
        yield _document(value), {code: text for code, text in versions.items() if text is not None}


def _texts(value: Mapping[str, Any], path: Path, line: int) -> Mapping[str, Any]:
    for key in _WITHIN:
        if isinstance(value.get(key), Mapping):
            found: Mapping[str, Any] = value[key]
            break
    else:
        found = {name: text for name, text in value.items() if _is_language(name)}
    if not found:
        raise broken(path, line, _SHAPE, f"the keys {', '.join(value) or 'of an empty object'}")
    return found


def _is_language(name: str) -> bool:
    """Tell whether a key beside others is a language; what is none is passed over."""
    if name in _NO_LANGUAGE:
        return False
    try:
        named_language(name, name)
    except LanguageError:
        return False
    return True


def _parts(value: Any, path: Path, line: int) -> Text | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Text("", value)
    for first, second in _SIDES:
        if isinstance(value, Mapping) and {first, second} <= set(value):
            title, body = value[first] or "", value[second] or ""
            if isinstance(title, str) and isinstance(body, str):
                return Text(title, body)
    raise broken(
        path, line, "a text, or one with `title` and `body`, or `query` and `passage`", repr(value)[:60]
    )


def _document(value: Mapping[str, Any]) -> str:
    named, row_id = value.get("document"), value.get("id")
    if isinstance(named, str):
        return named
    return row_id.split("#", 1)[0] if isinstance(row_id, str) and "#" in row_id else ""
