"""A study of files and an encoder outside of Git: made by `study run`, and by hand in the workspace."""

from pathlib import Path

import pytest

from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import prepare_torch, save_encoder
from tests.encoding.builder import make_params
from tests.pipeline.project import Clone, make_clone
from tests.pipeline.test_own_data import WORDS, documents, write_jsonl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
STUDY = """
study:
  question: What does training on batches in one language do to a small encoder?
  seeds: [1, 2]
  samplers: [initial, xx]
  reference: [initial, xx]
sampler: xx
samplers: [xx]
rivals: [initial]
collect:
  sources: [{kind: parallel, name: docs, path: data/sources/docs/all.jsonl, held_out: 0.2}]
  leak_guard: [{name: parallel/docs, data: data/sources/docs/all.jsonl, held_out: 0.2}]
  near_duplicates: null
translate: {engine: parallel}
encoder: {name: data/encoders/small, max_query_tokens: 16, max_passage_tokens: 16}
train: {freeze_embeddings: true}
evaluate: {benchmarks: [{name: parallel/docs, data: data/sources/docs/all.jsonl, held_out: 0.2}]}
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    outside = tmp_path_factory.mktemp("outside")
    rows = [documents(number) for number in range(60)]
    write_jsonl(outside / "docs/all.jsonl", rows)
    clone = make_clone(tmp_path_factory.mktemp("files") / "hbir")
    (clone.root / "studies/mini.yaml").write_text(STUDY, encoding="utf-8")
    clone.commit("a study")
    (outside / "small").mkdir()
    prepare_torch(1)
    texts = [f"{words} {number}" for words in WORDS.values() for number in range(20)]
    save_encoder(initial_encoder(make_params(longest=16), texts, seed=1), outside / "small")
    clone.run("python", "-m", "hbir", "study", "apply", "mini", "--data", str(outside))
    clone.run("python", "-m", "hbir", "link", str(outside / "small"), "data/encoders/small")
    clone.run("git", "checkout", "--quiet", "params.yaml")
    assert clone.run("git", "status", "--porcelain").stdout == ""
    return clone


def test_an_experiment_finds_linked_files_and_one_of_the_workspace_stands_beside_it(clone: Clone):
    ran = clone.run("python", "-m", "hbir", "study", "run", "mini", "--only", "seed-1").stdout
    assert "mini-seed-1: done in" in ran
    report = ("python", "-m", "hbir", "study", "report", "mini", "--partial")
    assert "Beside `initial`" in clone.run(*report).stdout
    clone.run("python", "-m", "hbir", "study", "apply", "mini")
    clone.configure(seed=2)
    assert "train_xx" in clone.stages_run("repro")  # whole: `exp save` wants every output
    clone.dvc("exp", "save", "--name", "mini-seed-2")
    shown = clone.run("python", "-m", "hbir", "study", "show", "mini").stdout
    assert "mini-seed-2: there\n" in shown
    assert "2 there, 0 to make" in shown
    clone.run("python", "-m", "hbir", "study", "report", "mini")
    page = (clone.root / "studies/reports/mini/report.md").read_text(encoding="utf-8")
    assert "2 experiments, 2 seeds (1 and 2)" in page
    assert Path(clone.root / "studies/reports/mini/parallel-docs.svg").is_file()
