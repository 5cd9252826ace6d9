"""Files of benchmarks, of judgements and of runs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from hbir.benchmarks.mewsli_x import ENTITIES, MENTIONS
from hbir.benchmarks.qrels import read_beir, read_topics, read_trec
from hbir.benchmarks.registry import load
from hbir.benchmarks.streamed import StreamedTask
from hbir.evaluation.trec_run import read_run
from tests.fuzz.harness import (
    NAMES,
    SENTENCES,
    as_json,
    as_lines,
    changed,
    damaged,
    faulty,
    fuzz,
    spoilt,
    survives,
)
from tests.fuzz.test_pairs import PARALLEL, documents

Files = Mapping[str, bytes]


def table(rows: list[tuple[object, ...]], between: str = "\t") -> bytes:
    return "".join(between.join(map(str, row)) + "\n" for row in rows).encode()


GRADES = st.lists(st.tuples(NAMES, NAMES, st.integers(0, 2)), max_size=4, unique_by=lambda row: row[:2])
SCORES = st.lists(
    st.tuples(NAMES, NAMES, st.floats(allow_nan=False)), max_size=4, unique_by=lambda row: row[:2]
)
RUNS = SCORES.map(
    lambda rows: table([(query, "Q0", passage, 1, score, "x") for query, passage, score in rows], " ")
)
TREC = GRADES.map(lambda rows: table([(query, 0, passage, grade) for query, passage, grade in rows], " "))
BEIR = GRADES.map(lambda rows: table([("query-id", "corpus-id", "score"), *rows]))
TOPICS = st.dictionaries(NAMES, SENTENCES).map(lambda topics: table(list(topics.items())))


WHOLE_ROWS: dict[Callable[[Path], object], st.SearchStrategy[bytes]] = {
    read_run: RUNS,
    read_trec: TREC,
    read_beir: BEIR,
    read_topics: TOPICS,
}


@pytest.mark.parametrize("reader", WHOLE_ROWS, ids=lambda one: one.__name__)
@fuzz(st.data())
def test_judgements_topics_and_runs(place: Path, reader: Callable[[Path], object], data: st.DataObject):
    whole = WHOLE_ROWS[reader]
    content = data.draw(st.one_of(whole, faulty(whole)))
    (place / "rows").write_bytes(content)
    survives(reader, place / "rows")


@fuzz(RUNS, TREC, BEIR, TOPICS)
def test_whole_ones_are_read(place: Path, run: bytes, trec: bytes, beir: bytes, topics: bytes):
    contents: list[tuple[Callable[[Path], Any], bytes]] = [
        (read_trec, trec),
        (read_beir, beir),
        (read_topics, topics),
        (read_run, run),
    ]
    for reader, content in contents:
        (place / "rows").write_bytes(content)
        assert survives(reader, place / "rows") == (reader is not read_run or bool(run))


def squad() -> dict[str, bytes]:
    context = "It is blue. It is wide."
    asked = {"id": "1", "question": "What?", "answers": [{"answer_start": 0, "text": "It"}]}
    paragraph = {"context": context, "qas": [asked], "sentence_breaks": [[0, 11], [12, 23]]}
    content = as_json({"data": [{"title": "a", "paragraphs": [paragraph]}]})
    return {"de.json": content, "en.json": content}


def mewsli() -> dict[str, bytes]:
    span = {"start": 0, "end": 4, "text": "Bonn"}
    context = {"language": "de", "text": "Bonn liegt hier.", "sentence_spans": [{"start": 0, "end": 16}]}
    mention = {"example_id": "a", "entity_id": "Q1", "mention_span": span}
    entity = {"entity_id": "Q1", "description": "a town", "description_language": "en"}
    article = {"context": context, "mentions": [mention]}
    return {MENTIONS: as_lines([article]), ENTITIES: as_lines([entity])}


def miracl() -> dict[str, bytes]:
    base, corpus = "miracl-v1.0-sw", [{"docid": "1#0", "title": "t", "text": "x"}]
    return {
        f"topics.{base}-dev.tsv": b"1\twhat\n",
        f"qrels.{base}-dev.tsv": b"1 Q0 1#0 1\n",
        "miracl-corpus-v1.0-sw.jsonl": as_lines(corpus),
    }


UTTERANCE = table([("1", "IN:GET", "", "how", "d", "de_XX", "[IN:GET how]", "{}")])
WHOLE: dict[str, Files] = {
    "xquad-r": squad(),
    "mlqa-r": squad(),
    "mewsli-x": mewsli(),
    "miracl": miracl(),
    "mtop": {"de/train.txt": UTTERANCE, "de/test.txt": UTTERANCE},
    "tatoeba": {"tatoeba.deu-eng.deu": b"eins\nzwei\n", "tatoeba.deu-eng.eng": b"one\ntwo\n"},
    "beir/x": {
        "corpus.jsonl": as_lines(
            [{"_id": "p0", "title": "t", "text": "x", "lang": "de"}, {"_id": "p1", "text": "y"}]
        ),
        "queries.jsonl": as_lines([{"_id": "q0", "text": "what", "key": "k"}]),
        "qrels/test.tsv": table([("query-id", "corpus-id", "score"), ("q0", "p0", 1), ("q0", "p1", 1)]),
    },
    "parallel/x": {
        "rows.jsonl": as_lines(
            [{"id": "a#1", "text": {"de": {"title": "u", "body": "c"}, "en": {"title": "t", "body": "b"}}}]
        )
    },
}
"""A small whole benchmark of each format."""
OPTIONS: dict[str, dict[str, Any]] = {"parallel/x": {"held_out": 0.99999, "fewest_words": 1}}
LOADED = {"xquad-r": ["de", "en"], "mlqa-r": ["de", "en"], "miracl": ["sw"], "mtop": ["de"], "mewsli-x": ["de"]}


def read(name: str, folder: Path) -> list[Any]:
    """Load a benchmark, and read whatever it streams."""
    file = folder / "rows.jsonl"
    entry = {"name": name, "data": str(file if file.exists() else folder), **OPTIONS.get(name, {})}
    tasks = load(entry, LOADED.get(name))
    for task in tasks:
        if isinstance(task, StreamedTask):
            for corpus in task.corpora.values():
                list(corpus)
    return list(tasks)


def put(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_benchmark_is_read(tmp_path: Path, name: str):
    put(tmp_path, WHOLE[name])
    assert read(name, tmp_path)


@st.composite
def spoilt_file(draw: st.DrawFn, content: bytes) -> bytes:
    """Spoil a file by its grammar where it is JSON, or by its columns."""
    import json

    try:
        rows = [json.loads(line) for line in content.splitlines()]
    except ValueError:
        rows = [line.split("\t") for line in content.decode().splitlines()]
        other = draw(changed(rows))
        lines = other if isinstance(other, list) else [other]
        cells = [map(str, line) if isinstance(line, list) else [str(line)] for line in lines]
        made = "".join("\t".join(line) + "\n" for line in cells).encode("utf-8", "surrogatepass")
    else:
        made = as_lines(draw(changed(rows)))
    return draw(st.one_of(st.just(made), damaged(content), damaged(made)))


@pytest.mark.parametrize("name", WHOLE)
@fuzz(st.data())
def test_benchmarks(place: Path, name: str, data: st.DataObject):
    folder = place / name.replace("/", "-")
    put(folder, WHOLE[name])
    file = data.draw(st.sampled_from(sorted(WHOLE[name])))
    (folder / file).write_bytes(data.draw(spoilt_file(WHOLE[name][file])))
    survives(lambda path: read(name, path), folder)


@pytest.mark.parametrize("name", ["xquad-r", "mlqa-r"])
@fuzz(spoilt(documents(), as_json))
def test_answers_of_lareqa(place: Path, name: str, content: bytes):
    folder = place / f"answers-{name}"
    put(folder, {"de.json": content, "en.json": content})
    survives(lambda path: read(name, path), folder)


@fuzz(spoilt(PARALLEL, as_lines))
def test_parallel_benchmarks(place: Path, content: bytes):
    folder = place / "parallel"
    put(folder, {"rows.jsonl": content})
    survives(lambda path: read("parallel/x", path), folder)
