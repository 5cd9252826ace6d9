"""Files of pairs: JSON lines, separated values, Parquet, SQuAD's layout, parallel texts."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import assume
from hypothesis import strategies as st

from hbir.collection.sources import check_sources
from tests.fuzz.harness import (
    LANGUAGES,
    SENTENCES,
    STRANGE,
    TEXTS,
    as_json,
    as_lines,
    changed,
    damaged,
    fuzz,
    spoilt,
    survives,
)


def pairs(kind: str, path: Path, **keys: Any) -> list[Any]:
    """Read a source as `collect` does."""
    [(read, source)] = check_sources([{"kind": kind, "name": "x", "path": str(path), **keys}])
    return list(read.read(source).pairs)


ROWS = st.lists(st.fixed_dictionaries({"query": SENTENCES, "passage": SENTENCES}), min_size=1, max_size=4)


@fuzz(ROWS)
def test_whole_json_lines_are_read(place: Path, rows: list[dict[str, str]]):
    (place / "x.jsonl").write_bytes(as_lines(rows))
    assert [pair.query for pair in pairs("jsonl", place / "x.jsonl")] == [row["query"] for row in rows]


@fuzz(spoilt(ROWS, as_lines))
def test_json_lines(place: Path, content: bytes):
    (place / "x.jsonl").write_bytes(content)
    survives(lambda path: pairs("jsonl", path), place / "x.jsonl")


def separated(rows: list[list[Any]], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")


TABLES = st.lists(st.tuples(TEXTS, SENTENCES).map(list), max_size=4).map(
    lambda rows: [["query", "passage"], *rows]
)
ENDS = str.maketrans("", "", "\r\n\0")


@fuzz(TABLES, st.sampled_from(",;\t|"))
def test_whole_tables_are_read(place: Path, rows: list[list[str]], delimiter: str):
    plain = [[value.translate(ENDS) for value in row] for row in rows]
    (place / "x.csv").write_bytes(separated(plain, delimiter))
    assert [pair.query for pair in pairs("csv", place / "x.csv")] == [query for query, _ in plain[1:]]


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    rows = draw(st.one_of(TABLES, TABLES.flatmap(changed)))
    assume(isinstance(rows, list) and all(isinstance(row, list | str) for row in rows))
    content = separated(rows, draw(st.sampled_from(",;\t|:")))
    return draw(st.one_of(st.just(content), damaged(content), damaged(content)))


@fuzz(tables(), st.booleans())
def test_tables(place: Path, content: bytes, quoted: bool):
    (place / "x.csv").write_bytes(content)
    survives(lambda path: pairs("csv", path, quoted=quoted), place / "x.csv")


COLUMNS: list[pa.Array] = [
    pa.array(["a", None, "c"]),
    pa.array(["a", "b", "c"], pa.large_string()),
    pa.array([b"\xff", b"b", b"c"]),
    pa.array(["a", "b", "a"]).dictionary_encode(),
    pa.array([1, 2, 3]),
    pa.array([1.5, float("nan"), 0.0]),
    pa.array([["a"], [], None]),
    pa.array([{"a": "x"}, {"a": None}, None]),
    pa.array([10**15, -(10**15), 0], pa.timestamp("ms")),
    pa.array([10**18, 1, 0], pa.duration("us")),
    pa.array([None, None, None]),
]


@st.composite
def parquet(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from(["query", "passage", "other"]), min_size=1, max_size=3))
    columns = [draw(st.sampled_from(COLUMNS)) for _ in names]
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=names), stream)
    content = stream.getvalue()
    return draw(st.one_of(st.just(content), damaged(content)))


@fuzz(parquet(), st.sampled_from(["query", "query.a", "query[0]"]))
def test_parquet(place: Path, content: bytes, column: str):
    (place / "x.parquet").write_bytes(content)
    survives(lambda path: pairs("parquet", path, query=column), place / "x.parquet")


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a file in SQuAD's layout, whose answers stand where they should."""
    paragraphs = []
    for number in range(draw(st.integers(1, 2))):
        context = draw(SENTENCES)
        start = draw(st.integers(0, len(context) - 1))
        answer = {"answer_start": start, "text": context[start : start + 3]}
        asked = {"id": f"q{number}", "question": draw(SENTENCES), "answers": [answer]}
        breaks = [[0, len(context)]] if draw(st.booleans()) else None
        paragraphs.append({"context": context, "qas": [asked], "sentence_breaks": breaks})
    return {"version": "1.1", "data": [{"title": draw(TEXTS), "paragraphs": paragraphs}]}


@fuzz(documents())
def test_whole_files_of_squad_are_read(place: Path, document: dict[str, Any]):
    (place / "x.json").write_bytes(as_json(document))
    assert len(pairs("squad", place / "x.json")) == len(document["data"][0]["paragraphs"])


@fuzz(spoilt(documents(), as_json), st.sampled_from(["sentence", "paragraph"]))
def test_files_of_squad(place: Path, content: bytes, passage: str):
    (place / "x.json").write_bytes(content)
    survives(lambda path: pairs("squad", path, passage=passage), place / "x.json")


VERSIONS = st.one_of(SENTENCES, st.fixed_dictionaries({"title": SENTENCES, "body": SENTENCES}))
PARALLEL = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from(["a#1", "a#2", "b", "c"]), "text": st.dictionaries(LANGUAGES, VERSIONS)}
    ),
    max_size=3,
)


@fuzz(spoilt(PARALLEL, as_lines), st.sampled_from(["title", "span"]), st.sampled_from([0.0, 0.5]))
def test_parallel_texts(place: Path, content: bytes, query: str, held_out: float):
    (place / "x.jsonl").write_bytes(content)
    survives(lambda path: pairs("parallel", path, query=query, held_out=held_out), place / "x.jsonl")


@fuzz(st.dictionaries(st.sampled_from(["kind", "name", "path", "query", "only", "limit", "group"]), STRANGE))
def test_what_a_source_may_say(place: Path, keys: dict[str, Any]):
    (place / "x.jsonl").write_bytes(as_lines([{"query": "a", "passage": "b"}]))
    usual = {"kind": "jsonl", "name": "x", "path": str(place / "x.jsonl")}

    def read(_: Path) -> None:
        [(kind, source)] = check_sources([{**usual, **keys}])
        list(kind.read(source).pairs)

    survives(read, place)
