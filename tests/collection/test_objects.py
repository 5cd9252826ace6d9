"""Pairs from an object store are those of a file with the same bytes."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.core.errors import DataError
from tests.collection.sources import collected

ROWS = [
    {"query": f"Who is number {number}?", "passage": f"Somebody, {number} of them."} for number in range(300)
]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
CSV = "query,passage\n" + "".join(f'{row["query"]},"{row["passage"]}"\n' for row in ROWS)
PARALLEL = "".join(
    json.dumps(
        {
            "id": f"f{n}#1",
            "text": {lang: {"title": f"{n} {lang}?", "body": f"{lang} {n}."} for lang in ("en", "de")},
        }
    )
    + "\n"
    for n in range(30)
).encode()
SQUAD = json.dumps(
    {
        "data": [
            {
                "title": "t",
                "paragraphs": [
                    {
                        "context": "One is here. Two is there.",
                        "qas": [
                            {"id": "1", "question": "Two?", "answers": [{"answer_start": 13, "text": "Two"}]}
                        ],
                    }
                ],
            }
        ]
    }
).encode()


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{**row, "other": 1} for row in ROWS]), stream, row_group_size=30)
    return stream.getvalue()


CASES = {
    "jsonl": JSONL,
    "jsonl.gz": gzip.compress(JSONL),
    "csv": CSV.encode(),
    "parquet": parquet(),
    "parallel.gz": gzip.compress(PARALLEL),
    "squad": SQUAD,
}


@pytest.mark.parametrize("name", CASES)
def test_as_from_a_file(store: Any, tmp_path: Path, name: str):
    store.pipe(f"memory://bucket/{name}", CASES[name])
    (tmp_path / name).write_bytes(CASES[name])
    source = {"kind": name.partition(".")[0], "name": "faq"}
    here, there = (
        collected({**source, "path": path}) for path in (str(tmp_path / name), f"memory://bucket/{name}")
    )
    assert there.english.equals(here.english)
    assert there.parallel.equals(here.parallel)
    assert there.summary == here.summary
    assert len(here.english) > 0
    assert len(store.store) == 1


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_an_object_that_changes_while_it_is_read_is_refused(
    store: Any, name: str, monkeypatch: pytest.MonkeyPatch
):
    url = f"memory://bucket/{name}"
    store.pipe(url, CASES[name])

    def meanwhile(pair: Any, *_: Any) -> Any:
        store.pipe(url, CASES[name])
        return pair

    monkeypatch.setattr("hbir.collection.collect.clean", meanwhile)
    with pytest.raises(DataError, match="expected an object that nobody writes to while it is read"):
        collected({"kind": name, "name": "faq", "path": url})


def test_a_broken_object_is_named(store: Any):
    store.pipe("memory://bucket/a", CASES["parquet"][:-20])
    with pytest.raises(DataError, match="memory://bucket/a: expected a whole Parquet file"):
        collected({"kind": "parquet", "name": "faq", "path": "memory://bucket/a"})
    store.pipe("memory://bucket/a", b'{"query": 1}\n')
    with pytest.raises(DataError, match=r"memory://bucket/a, line 1"):
        collected({"kind": "jsonl", "name": "faq", "path": "memory://bucket/a"})
    with pytest.raises(DataError, match="memory://bucket/none: expected an object"):
        collected({"kind": "jsonl", "name": "faq", "path": "memory://bucket/none"})


def test_a_benchmark_in_a_store_guards_as_one_in_a_folder(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    files = {
        "queries.jsonl": b'{"_id": "q", "text": "Who is number 7?"}\n',
        "corpus.jsonl": b'{"_id": "p", "text": "Nobody."}\n',
        "qrels/test.tsv": b"query-id\tcorpus-id\tscore\nq\tp\t1\n",
    }
    store.pipe(
        {"memory://bucket/faq.jsonl": JSONL, **{f"memory://bucket/mine/{name}": files[name] for name in files}}
    )
    source = {"kind": "jsonl", "name": "faq", "path": "memory://bucket/faq.jsonl"}
    guard = {"name": "beir/mine", "data": "memory://bucket/mine"}
    assert collected(source, leak_guard=[guard]).summary.dropped == {"faq: in benchmark beir/mine": 1}


def test_the_same_object_as_source_and_benchmark_is_warned_about(
    store: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    url = "memory://bucket/docs.jsonl"
    store.pipe(url, PARALLEL)
    source = {"kind": "parallel", "name": "docs", "path": url}
    collected(source, leak_guard=[{"name": "parallel/docs", "data": url, "held_out": 0.5}])
    assert "holds out 0.5 of the documents" in caplog.text
