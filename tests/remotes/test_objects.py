"""Pairs, a benchmark and kept embeddings in S3, as moto plays it: the bytes are those of local files."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hbir.core.files import atomic_folder
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import save_encoder
from tests.collection.test_objects import CASES
from tests.encoding.builder import make_params
from tests.pipeline.project import Clone, make_clone
from tests.remotes.services import KEYS, s3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
BUCKET = "pairs"
NAMES = ("jsonl", "jsonl.gz", "csv", "parquet", "parallel.gz")


def client(clone: Clone) -> Any:
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=clone.extra["AWS_ENDPOINT_URL"], **keys)


def put(clone: Clone, name: str, content: bytes) -> None:
    client(clone).put_object(Bucket=BUCKET, Key=name, Body=content)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = make_clone(tmp_path_factory.mktemp("objects") / "hbir")
    with s3(tmp_path_factory.mktemp("log") / "s3.log", BUCKET) as address:
        clone.extra.update(KEYS, AWS_ENDPOINT_URL=address)
        for name in NAMES:
            put(clone, f"own/{name}", CASES[name])
            (clone.root / "data/sources" / name).write_bytes(CASES[name])
        for name, content in benchmark().items():
            put(clone, f"mine/{name}", content)
            path = clone.root / "data/benchmarks/mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield clone


def benchmark() -> dict[str, bytes]:
    """Make a folder in BEIR's format."""
    passages = [{"_id": f"p{n}", "text": f"Somebody, {n} of them."} for n in range(50)]
    queries = [{"_id": f"q{n}", "text": f"Who was the number {n}?"} for n in range(50)]
    qrels = "query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\tp{n}\t1\n" for n in range(50))
    lines = {
        name: "".join(json.dumps(row) + "\n" for row in rows).encode()
        for name, rows in (("corpus.jsonl", passages), ("queries.jsonl", queries))
    }
    return {
        "corpus.jsonl.gz": gzip.compress(lines["corpus.jsonl"]),
        "queries.jsonl": lines["queries.jsonl"],
        "qrels/test.tsv": qrels.encode(),
    }


def sources(folder: str) -> list[dict[str, Any]]:
    kinds = [(name.partition(".")[0], name) for name in NAMES]
    return [
        {"kind": kind, "name": name.replace(".", "-"), "path": f"{folder}/{name}", "validation": 0.3}
        for kind, name in kinds
    ]


def collected(clone: Clone) -> bytes:
    return clone.digest("data/english.parquet") + clone.digest("data/parallel.parquet")


LOOK = """
from hbir.commands.repro import _look_at_objects
from hbir.core.params import read_params
_look_at_objects(read_params())
"""


def look(clone: Clone) -> str:
    """Do what `hbir repro` does first."""
    return clone.run("python", "-c", LOOK).stdout


def test_pairs_are_those_of_local_files_and_a_change_is_noticed(clone: Clone):
    chosen = [sources("data/sources")[place] for place in (0, 3, 4)]  # the other kinds give some of these again
    guard = {"name": "beir/mine", "data": "data/benchmarks/mine"}
    clone.configure(collect={"sources": chosen, "near_duplicates": None, "leak_guard": [guard]})
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]
    here = collected(clone)
    chosen = [
        {**source, "path": source["path"].replace("data/sources", f"s3://{BUCKET}/own")} for source in chosen
    ]
    guard = {**guard, "data": f"s3://{BUCKET}/mine"}
    clone.configure(collect={"sources": chosen, "near_duplicates": None, "leak_guard": [guard]})
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]
    assert collected(clone) == here
    seen = json.loads((clone.root / "data/inputs/collect.json").read_text())
    assert sorted(seen) == sorted([*(source["path"] for source in chosen), guard["data"]])
    put(clone, "own/jsonl", CASES["jsonl"])  # the same bytes have the same ETag
    assert look(clone) == ""
    assert clone.stages_run("repro", "collect") == []
    put(clone, "own/jsonl", CASES["jsonl"] + b'{"query": "Who else?", "passage": "Nobody."}\n')
    assert clone.stages_run("repro", "collect") == []  # DVC does not look
    looked = look(clone)
    assert f"repro: changed since the stage inputs looked: s3://{BUCKET}/own/jsonl" in looked
    assert clone.stages_run("repro", "collect") == ["collect"]
    assert collected(clone) != here
    assert look(clone) == ""


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_every_kind_and_packing_gives_what_a_local_file_gives(clone: Clone, number: int):
    put(clone, f"own/{NAMES[number]}", CASES[NAMES[number]])
    found = []
    for folder in ("data/sources", f"s3://{BUCKET}/own"):
        clone.configure(collect={"sources": [sources(folder)[number]], "near_duplicates": None})
        clone.run("python", "-m", "hbir", "inputs")
        clone.run("python", "-m", "hbir", "collect")
        found.append(collected(clone))
    assert found[0] == found[1]


def test_another_version_than_the_stage_inputs_saw_is_refused(clone: Clone):
    [source] = [source for source in sources(f"s3://{BUCKET}/own") if source["kind"] == "csv"]
    clone.configure(collect={"sources": [source]})
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]
    put(clone, "own/csv", CASES["csv"] + b"Who else?,Nobody.\n")
    ran = clone.run("dvc", "repro", "--single-item", "--force", "collect", check=False)
    assert ran.returncode
    assert "that the stage inputs has seen" in ran.stdout + ran.stderr
    assert "hbir repro" in ran.stdout + ran.stderr


def test_what_goes_wrong_is_one_line_without_a_secret(clone: Clone):
    command = ("python", "-m", "hbir", "inputs")
    cases = {
        "expected an object, or a folder of some, found none": ({}, f"s3://{BUCKET}/none.jsonl"),
        "expected the right to read or write it": (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": "/none"},
            f"s3://{BUCKET}/own/jsonl",
        ),
        "expected a store that answers": (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"},
            f"s3://{BUCKET}/own/jsonl",
        ),
    }
    before = dict(clone.extra)
    for said, (environment, url) in cases.items():
        clone.configure(collect={"sources": [{"kind": "jsonl", "name": "new", "path": url}]})
        (clone.root / "data/inputs/collect.json").unlink(missing_ok=True)
        clone.extra = {**before, **environment}
        ended = clone.run(*command, check=False)
        clone.extra = before
        assert ended.returncode == 1, said
        *warnings, line = ended.stderr.strip().splitlines()
        assert line.startswith(f"Error: {url}: {said}")
        assert all(warning.startswith("translate: ") for warning in warnings)


def test_a_benchmark_and_its_embeddings_in_s3_give_the_scores_of_folders(clone: Clone, tmp_path: Path):
    streamed = ("--option", "exact_limit=0", "--model", str(tmp_path / "model"), "--threads", "1")
    with atomic_folder(tmp_path / "model") as folder:
        save_encoder(initial_encoder(make_params(), ["a few words", "for a tokenizer"], 0), folder)
    base = ("python", "-m", "hbir", "benchmark", "beir/mine", *streamed)
    scores = []
    for name, more in {
        "here": ("--data", "data/benchmarks/mine", "--embeddings", str(tmp_path / "kept")),
        "there": ("--data", f"s3://{BUCKET}/mine", "--embeddings", f"s3://{BUCKET}/embeddings"),
        "again": ("--data", f"s3://{BUCKET}/mine", "--embeddings", f"s3://{BUCKET}/embeddings/"),
    }.items():
        clone.run(*base, *more, "--out", str(tmp_path / f"{name}.json"))
        scores.append(json.loads((tmp_path / f"{name}.json").read_text()))
    assert scores[0] == scores[1] == scores[2]
    listed = client(clone).list_objects_v2(Bucket=BUCKET, Prefix="embeddings/beir/mine/")["Contents"]
    assert {item["Key"].rpartition("/")[2]: item["Size"] for item in listed} == {
        path.name: path.stat().st_size
        for path in (tmp_path / "kept").rglob("*.*")
        if path.suffix in (".f16", ".i64", ".json")
    }
    assert list((clone.root / ".hbir").rglob("*.f16")) == []
    assert len([path for path in (clone.root / ".hbir/objects").iterdir() if path.is_dir()]) == 1


CHANGING = f"""
import os, boto3, tracemalloc
from hbir.core.lines import read_lines
from hbir.core.objects.streams import ObjectFile
from hbir.core.steady import steady

client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
put = lambda body: client.put_object(Bucket="{BUCKET}", Key="long", Body=body)
file, line = ObjectFile("s3://{BUCKET}/long"), b"a line of an object\\n"
put(line * 3_000_000)
with steady(file):
    tracemalloc.start()
    print(sum(1 for _ in read_lines(file)), tracemalloc.get_traced_memory()[1] < 40_000_000)
with steady(file):
    for number, _ in read_lines(file):
        if number == 9:
            put(line * 2_999_999)
"""


def test_an_object_is_streamed_and_refused_where_it_changes_meanwhile(clone: Clone):
    """60 MB, of which some blocks are in memory at a time; other bytes come in the middle."""
    ended = clone.run("python", "-c", CHANGING, check=False)
    assert ended.stdout == "3000000 True\n", ended.stderr
    assert "expected an object that nobody writes to while it is read" in ended.stderr.splitlines()[-1]
