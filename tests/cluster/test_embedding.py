"""Passages that are embedded on a cluster: the bytes of one process, whatever happens to workers."""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from sentence_transformers import SentenceTransformer

from hbir.cluster.blocks import packed, unpacked
from hbir.cluster.params import ClusterParams
from hbir.commands.benchmark import benchmark
from hbir.commands.search import search
from hbir.core.errors import ModelError, ParamsError
from hbir.encoding.embed import embed
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.scoring import Benchmark
from hbir.retrieval.building import build_index, embedded, rounded
from hbir.retrieval.index import Keyed, Recipe
from hbir.retrieval.workers import Embedding, PassageWork, PassageWorkers, _columns, _identity, _rows, _same
from tests.cluster.conftest import LOCAL
from tests.cluster.watched import kill_who_stops, noted, stopping_encoder
from tests.encoding.test_encoder import saved
from tests.evaluation.test_scoring import write_lines
from tests.retrieval.test_index import contents

PASSAGES = [Keyed(number, f"passage {number} " + "of some length " * (number % 7)) for number in range(60)]
TEXTS = [passage.text for passage in PASSAGES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prepare_torch(1)
    return saved(tmp_path_factory.mktemp("cluster") / "model")


@pytest.fixture(scope="module")
def model(folder: Path) -> SentenceTransformer:
    return load_encoder(folder, "cpu")


def embedding(load: Callable[[], SentenceTransformer], **changes: Any) -> Embedding:
    return replace(Embedding(load=load, precision="fp32", batch_size=4, threads=1), **changes)


def test_a_worker_answers_with_the_bytes_of_one_process(folder: Path, model: SentenceTransformer):
    work = PassageWork(load_encoder(folder, "cpu"), embedding(lambda: model))
    answer = unpacked(packed(work(pa.table({"text": pa.array(TEXTS, pa.large_string())}))), "here")
    expected = rounded(embed(model, TEXTS, "document", 4))
    assert answer.schema.equals(_columns(expected.shape[1]))
    found = _rows(answer, expected.shape[1])
    assert found.dtype == np.dtype(np.float16)
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
    assert work.arithmetic.startswith("cpu ")


def test_what_is_no_number_for_float16_is_found_here(model: SentenceTransformer):
    """It travels as infinity, and the error names the text, as without a cluster."""
    large = np.array([[1.0, 2.0], [1e6, 0.0]], dtype=np.float32)
    table = pa.table(
        [pa.FixedSizeListArray.from_arrays(pa.array(rounded(large).reshape(-1)), 2)], schema=_columns(2)
    )
    workers = PassageWorkers(model, embedding(lambda: model), LOCAL, "here")
    answers: Any = SimpleNamespace(answers=lambda blocks, columns: (table for _ in blocks))
    workers.__dict__.update(_pool=answers, _dimension=2)
    with pytest.raises(ModelError, match=r"numbers within float16.*others for 'passage 1 "):
        list(embedded(PASSAGES[:2], workers, 2))


def test_a_worker_with_another_encoder_or_package_is_refused(folder: Path, model: SentenceTransformer):
    identity = _identity(model, "fp32")
    how = embedding(partial(load_encoder, folder, "cpu"))
    assert isinstance(_same(how, identity, "here"), PassageWork)
    with pytest.raises(
        ModelError, match=r"^here: expected on every machine torch 0.1, found torch 2.* on a worker. Copy"
    ):
        _same(how, identity | {"torch": "0.1"}, "here")
    with pytest.raises(ModelError, match=r"^here: expected on every machine encoder .*, found encoder "):
        _same(replace(how, precision="bf16"), identity, "here")


@pytest.mark.slow
def test_kept_embeddings_are_those_of_one_process_though_a_worker_is_killed(
    cluster: str, folder: Path, model: SentenceTransformer, tmp_path: Path
):
    recipe = Recipe("corpus", "encoder", embed(model, ["a"], "document", 1).shape[1])
    here = partial(embed, model, side="document", batch_size=4)
    expected = build_index(tmp_path / "here", iter(PASSAGES), here, recipe, 8)
    how = embedding(partial(stopping_encoder, tmp_path, folder))
    killer = threading.Thread(target=kill_who_stops, args=(tmp_path,))
    killer.start()
    found = build_index(
        tmp_path / "there", iter(PASSAGES), PassageWorkers(model, how, LOCAL, "here"), recipe, 8
    )
    killer.join()
    assert found.count == expected.count == 60
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    processes = [process for process, _ in noted(tmp_path)]
    killed = (tmp_path / "stopped").read_text()
    assert len(set(processes)) == 3
    assert processes.count(killed) == 2


@pytest.mark.slow
def test_scores_and_hits_are_those_of_one_process(cluster: str, folder: Path, tmp_path: Path):
    rows = [{"_id": f"{p.key}", "text": p.text, "lang": "de" if p.key % 2 else "en"} for p in PASSAGES]
    write_lines(tmp_path / "mine/corpus.jsonl", rows)
    write_lines(tmp_path / "mine/queries.jsonl", rows)
    (tmp_path / "mine/qrels").mkdir()
    judged = [f"{row['_id']}\t{row['_id']}\t1" for row in rows]
    (tmp_path / "mine/qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    entry = {"name": "beir/mine", "data": str(tmp_path / "mine"), "exact_limit": 10}
    params = EvaluateParams(benchmarks=[entry], query_chunk=100, batch_size=4, embeddings=None)
    there = replace(params, cluster=ClusterParams(address="auto", workers=1))
    load = partial(load_encoder, folder, "cpu")
    expected = Benchmark(entry, None, params).score(load())
    assert Benchmark(entry, None, there).score(load(), load=load) == expected
    found = []
    for options in ((), ("--cluster", cluster)):
        index = tmp_path / f"index{len(options)}"
        given = [folder, "passage 7?", "--corpus", tmp_path / "mine/corpus.jsonl", "--index", index, "--json"]
        done = CliRunner().invoke(search, list(map(str, [*given, *options])), catch_exceptions=False)
        found.append((json.loads(done.output), (index / "embeddings.f16").read_bytes()))
    assert found[0] == found[1]
    scores = []
    for options in ((), ("--cluster", cluster)):
        out, option = tmp_path / f"scores{len(options)}.json", "exact_limit=10"
        given = ["beir/mine", "--model", folder, "--data", tmp_path / "mine", "--option", option, "--out", out]
        CliRunner().invoke(benchmark, list(map(str, [*given, *options])), catch_exceptions=False)
        scores.append(json.loads(out.read_text()))
    assert scores[0] == scores[1]


def test_a_command_s_cluster_is_named_by_its_option(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "ray", None)
    data = ("--data", str(tmp_path / "docs.jsonl"), "--option", "held_out=1")
    given = ["parallel/docs", "--model", str(folder), *data, "--cluster", "auto"]
    texts = {lang: {"title": f"{lang} 1", "body": f"{lang} 1."} for lang in ("en", "de")}
    row: dict[str, Any] = {"id": "a#1", "text": texts}
    write_lines(tmp_path / "docs.jsonl", [row])
    with pytest.raises(ParamsError, match="^--cluster: expected the package ray"):
        CliRunner().invoke(benchmark, given, catch_exceptions=False)
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    assert "not both" in CliRunner().invoke(benchmark, given).output
