"""Parallel texts come in many shapes, and what is wrong with them is said in one line."""

import gzip
import json
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.parallel_rows import Text
from hbir.core.errors import DataError, HbirError, LanguageError
from hbir.debias.texts import Parallel, files_of, read_texts

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en"/><body>{}</body></tmx>
"""


def read(*given: str | Path) -> list[Parallel]:
    return read_texts([str(name) for name in given], Counter())


def line(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"text": {"en": "a", "de": "b"}}, Parallel("", {"en": Text("", "a"), "de": Text("", "b")})),
        ({"translation": {"en": "a", "pt-BR": "b"}}, Parallel("", {"en": Text("", "a"), "pt": Text("", "b")})),
        (
            {"en": "a", "deu": "b", "score": 0.8, "id": 7},
            Parallel("", {"en": Text("", "a"), "de": Text("", "b")}),
        ),
        ({"text": {"id": "a", "ms": "b"}}, Parallel("", {"id": Text("", "a"), "ms": Text("", "b")})),
        ({"id": "guide#3", "text": {"en": "a"}}, Parallel("guide", {"en": Text("", "a")})),
        ({"id": "3", "document": "x#y", "text": {"en": "a"}}, Parallel("x#y", {"en": Text("", "a")})),
        ({"text": {"en": {"title": "t", "body": "b"}}}, Parallel("", {"en": Text("t", "b")})),
        ({"text": {"en": {"query": "q", "passage": "p"}, "de": None}}, Parallel("", {"en": Text("q", "p")})),
    ],
)
def test_usual_shapes_of_a_line_are_known(tmp_path: Path, value: Any, expected: Parallel):
    assert read(line(tmp_path / "texts.jsonl", value)) == [expected]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"text": {"en": "a", "xq": "b"}}, LanguageError, "line 1: expected the ISO 639-1 code"),
        ({"text": {"German": "b"}}, LanguageError, "Did you mean 'de'"),
        (
            {"text": {"zh-CN": "a", "zh-TW": "b"}},
            DataError,
            "expected one text per language, found 'zh-CN' and",
        ),
        (
            {"question": "a", "answer": "b"},
            DataError,
            "expected texts by language, .* found the keys question, answer",
        ),
        ({"text": {"en": ["a"]}}, DataError, "expected a text, or one with `title` and `body`"),
        ([1], DataError, "JSON lines, TMX, or `LANGUAGE=FILE`"),
    ],
)
def test_a_line_of_another_shape_is_named(tmp_path: Path, value: Any, error: type[HbirError], message: str):
    with pytest.raises(error, match=message) as raised:
        read(line(tmp_path / "texts.jsonl", value))
    assert "\n" not in str(raised.value)
    assert "texts.jsonl, line 1" in str(raised.value)


def test_documents_of_two_files_are_not_one(tmp_path: Path):
    for name in "ab":
        line(tmp_path / name, {"id": "guide#1", "text": {"en": name}})
    assert [row.document for row in read(tmp_path / "a", tmp_path / "b")] == ["0/guide", "1/guide"]


def test_aligned_files_go_line_by_line(tmp_path: Path):
    (tmp_path / "x.en").write_text("one\n\nthree\n")
    (tmp_path / "x.de").write_bytes(gzip.compress(b"eins\r\nzwei\r\ndrei"))
    given = f"en={tmp_path}/x.en", f"de-AT={tmp_path}/x.de"
    assert [(row.versions["en"].passage, row.versions["de"].passage) for row in read(*given)] == [
        ("one", "eins"),
        ("", "zwei"),
        ("three", "drei"),
    ]
    assert files_of(given) == [tmp_path / "x.en", tmp_path / "x.de"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["en=x.en", "de=short"], DataError, "x.en, .*short: expected as many lines in each.* found 2 and 1"),
        (["en=x.en"], DataError, "expected aligned files of at least two languages, found en alone"),
        (["en=x.en", "en-US=x.en"], DataError, "expected one file per language, found a second one of en"),
        (["en=x.en", "xq=x.en"], LanguageError, "found 'xq'"),
        (["en=x.en", "de=none"], DataError, "none: expected a file, found none"),
        (
            ["x.en"],
            DataError,
            "x.en, line 1: expected JSON lines, TMX, or .* Name the language before the file",
        ),
        (["empty"], DataError, "empty: expected parallel texts, found none"),
    ],
)
def test_what_is_wrong_with_files_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], error: type[HbirError], message: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.en").write_text("one\ntwo\n")
    (tmp_path / "short").write_text("eins\n")
    (tmp_path / "empty").touch()
    with pytest.raises(error, match=message):
        read(*given)


def unit(**texts: str) -> str:
    variants = [f'<tuv xml:lang="{lang}"><seg>{text}</seg></tuv>' for lang, text in texts.items()]
    return f"<tu>{''.join(variants)}</tu>"


def tmx(path: Path, body: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(TMX.replace("UTF-8", encoding).format(body).encode(encoding))
    return path


def versions(path: Path, dropped: Counter[str] | None = None) -> list[dict[str, str]]:
    found = read_texts([str(path)], Counter() if dropped is None else dropped)
    return [{code: text.passage for code, text in row.versions.items()} for row in found]


def test_tags_within_a_segment_go_and_their_text_stays_where_it_is_text(tmp_path: Path):
    english = (
        'Press <bpt i="1">&lt;b&gt;<sub>no</sub></bpt><hi>OK</hi><ept i="1">&lt;/b&gt;</ept>\n &amp; <ph/>go'
    )
    body = unit(en=english, de="Drücken") + '<tu><tuv lang="FR"><seg>x<it>y</it>z</seg></tuv></tu>'
    assert versions(tmx(tmp_path / "a.tmx", body)) == [{"en": "Press OK & go", "de": "Drücken"}, {"fr": "xz"}]


def test_variants_are_their_language_and_the_first_counts(tmp_path: Path):
    body = '<tu><tuv xml:lang="pt-BR"><seg>a</seg></tuv><tuv xml:lang="pt-PT"><seg>b</seg></tuv></tu>'
    dropped: Counter[str] = Counter()
    assert versions(tmx(tmp_path / "a.tmx", body), dropped) == [{"pt": "a"}]
    assert dropped == {"second text of a language": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_encoding_that_the_file_declares_counts(tmp_path: Path, encoding: str):
    assert versions(tmx(tmp_path / "a.tmx", unit(en="a", de="ä"), encoding)) == [{"en": "a", "de": "ä"}]


BOMB = '<!DOCTYPE tmx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("declared", [BOMB, FILE])
def test_entities_are_refused_before_they_are_expanded(tmp_path: Path, declared: str):
    path = tmx(tmp_path / "a.tmx", unit(en="&a;"))
    path.write_text(path.read_text().replace('<!DOCTYPE tmx SYSTEM "tmx14.dtd">', declared))
    with pytest.raises(DataError, match="expected no declaration of entities, found that of 'a'"):
        versions(path)


def test_an_entity_that_nobody_declares_is_a_space(tmp_path: Path):
    assert versions(tmx(tmp_path / "a.tmx", unit(en="a&nbsp;b"))) == [{"en": "a b"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html><body/></html>", "line 1: expected TMX, found XML whose root is 'html'"),
        (TMX.format("<tu><tuv><seg>a</seg></tuv></tu>"), "line 3: expected `xml:lang` of a `tuv`, found none"),
        (TMX.format("<tu>"), "line 3: expected XML, found mismatched tag"),
        (TMX.format(unit(en="a"))[:-20], "expected XML, found no element found|unclosed"),
    ],
)
def test_a_broken_memory_is_named_with_its_line(tmp_path: Path, text: str, message: str):
    (tmp_path / "a.tmx").write_text(text)
    with pytest.raises(DataError, match=message):
        versions(tmp_path / "a.tmx")


def test_a_gzipped_memory_that_is_cut_off_is_named(tmp_path: Path):
    whole = gzip.compress(TMX.format("".join(unit(en=f"{n} {n * n}") for n in range(20_000))).encode())
    (tmp_path / "a.tmx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="expected whole gzip data"):
        versions(tmp_path / "a.tmx")


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Cf"]), max_size=12).map(
    lambda text: " ".join(text.split())
)


@given(st.lists(st.fixed_dictionaries({"en": words, "de": words, "zh": words}), min_size=1, max_size=6))
def test_the_same_texts_in_every_form_are_the_same(tmp_path_factory: pytest.TempPathFactory, texts):
    """But for empty lines at the end, which no line-aligned file can tell from its end."""
    folder = tmp_path_factory.mktemp("forms")
    lines = "".join(json.dumps({"text": row}) + "\n" for row in texts)
    (folder / "a.jsonl").write_text(lines)
    tmx(folder / "a.tmx", "".join(unit(**{code: escape(text) for code, text in row.items()}) for row in texts))
    for code in texts[0]:
        (folder / code).write_bytes("".join(f"{row[code]}\n" for row in texts).encode())
    given = [f"{code}={folder / code}" for code in texts[0]]
    assert versions(folder / "a.jsonl") == versions(folder / "a.tmx") == texts
    assert [{code: text.passage for code, text in row.versions.items()} for row in read(*given)] == texts
