"""Make documents of a format, damage them as accidents and attackers do, and hand them to what reads them.

What is whole must be read. Anything else is read, or refused in one line that says what to do; nothing else.
"""

import gzip
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.core.errors import HbirError

FEW = 5
"""Examples of each reader in `make test`; `make fuzz` takes those of its profile."""
LONGEST = 1500
"""Characters of a message at most."""
Read = Callable[[Path], object]
Test = Callable[..., None]


def fuzz(*given_strategies: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Give a test few examples, but under `make fuzz`."""
    many = settings.get_current_profile_name() == "fuzz"
    examples = settings(max_examples=settings().max_examples if many else FEW)
    return lambda test: examples(given(*given_strategies)(test))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CHARACTERS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
WORDS = st.sampled_from(["What", "is", "it", "ça", "中文", "نص", "e\u0301", "𝒳", "x"])
SENTENCES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
NAMES = st.sampled_from(["q0", "q1", "p0", "p1", "p2"])
LANGUAGES = st.sampled_from(["de", "en", "es"])
STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**30, -(2**63), 2**63, 1e308, -0.0, float("nan"), float("inf"), 0.5]),
    st.sampled_from(["", "\0", "\n", "\u2028", "../../etc", "/etc", "~", "$HOME", "-1", "nan", "a" * 300]),
    st.sampled_from(["\ud800", "\U0010ffff", "\ufeff", "\x1b[2J", "<b>&", "=1+1", "!!python/none", "*a"]),
    TEXTS,
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 2), min_size=1, max_size=3),
    st.dictionaries(NAMES, TEXTS, min_size=1, max_size=2),
)
"""Values where none of them is expected."""


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Change a value made of mappings and lists at one place: gone, twice, something else, more."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value, key=str)))
        if not draw(st.integers(0, 3)):
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: draw(changed(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        how = draw(st.integers(0, 5))
        if how == 0:
            return value[:place] + value[place + 1 :]
        if how == 1:
            return [*value, value[place]]
        return [*value[:place], draw(changed(value[place])), *value[place + 1 :]]
    if isinstance(value, dict) and draw(st.booleans()):
        return {**value, draw(TEXTS): draw(STRANGE)}
    return draw(STRANGE)


Change = Callable[[bytes, int, bytes], bytes]
HEADS = (b"PK\x03\x04", b"PAR1", b"\x80\x04", b"\x1f\x8b", b"\0", b"\n", b"\r", b"\xef\xbb\xbf")
TAILS = (b"\0", b"\n\n", b"\xff", b'"', b"{", b"[" * 5000, b"\t")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig")
DAMAGE: tuple[Change, ...] = (
    lambda content, place, _: content[:place],
    lambda content, place, some: content[:place] + some + content[place + len(some) :],
    lambda content, place, some: content[:place] + some + content[place:],
    lambda content, place, _: content[:place] + content[place // 2 : place] + content[place:],
    lambda content, place, _: content + content[place:],
    lambda content, _, some: gzip.compress(content) + some,
    lambda content, place, _: gzip.compress(content)[: -1 - place % 20],
    lambda content, _, __: gzip.compress(content)[:-8] + bytes(8),
    lambda content, place, _: content.decode("utf-8", "replace").encode(
        ENCODINGS[place % len(ENCODINGS)], "replace"
    ),
    lambda content, place, _: HEADS[place % len(HEADS)] + content,
    lambda content, place, _: content + TAILS[place % len(TAILS)],
    lambda content, _, some: content.replace(b"\n", some[:2]),
    lambda content, _, __: content.replace(b"\n", b"\r\n"),
    lambda content, _, __: content.replace(b"\n", b"\r"),
)
"""Cut, spoilt, longer, doubled, packed, encoded otherwise, behind or before something else, in other lines."""


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Damage bytes."""
    change = draw(st.sampled_from(DAMAGE))
    return change(content, draw(st.integers(0, max(0, len(content) - 1))), draw(st.binary(max_size=8)))


def faulty(content: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Damage what a strategy makes, once or twice."""
    once = content.flatmap(damaged)
    return st.one_of(once, once, once.flatmap(damaged))


def as_json(value: Any) -> bytes:
    """Write JSON as a careless program does: NaN, and halves of characters as they come."""
    return json.dumps(value).encode()


def as_lines(rows: Any) -> bytes:
    """Write a JSON value per line."""
    return b"".join(as_json(row) + b"\n" for row in (rows if isinstance(rows, list) else [rows]))


def spoilt(value: st.SearchStrategy[Any], write: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    """Change what a strategy makes as a value, or as bytes, or both."""
    other = value.flatmap(changed).map(write)
    return st.one_of(other, other, value.map(write).flatmap(damaged), other.flatmap(damaged))


def survives(read: Read, path: Path) -> bool:
    """Read a file; return whether it was read, or refused as it should be."""
    try:
        read(path)
    except HbirError as error:
        refused = error
    else:
        return True
    text = str(refused)
    assert not any(unicodedata.category(sign) == "Cc" for sign in text), text
    assert len(text) < LONGEST, text
    assert refused.where
    assert refused.expected
    assert refused.hint.endswith((".", "`", "?")), refused.hint
    return False
