"""Scores in another precision than float32 are scored so, and named so everywhere."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from hbir.core.precision import Precision
from hbir.evaluation import scoring
from hbir.evaluation.evaluate import Evaluation, evaluate
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import headline, read_summary, write_summary
from hbir.tracking.values import score_values
from tests.evaluation.conftest import make_task
from tests.evaluation.test_scoring import PARAMS


@pytest.fixture
def evaluation() -> Evaluation:
    task = make_task(["de", "fr"], ["de", "fr", "th"], [(0, 0), (0, 1), (1, 2)])
    return evaluate(task, [np.eye(2, 3, dtype=np.float32)])


@pytest.fixture
def scored(monkeypatch):
    """Return what scores a benchmark in a precision, and the precisions in which it was embedded."""
    seen: list[str] = []

    def make(precision: Precision, evaluation: Evaluation):
        def watched(model, chosen):
            seen.append(chosen)
            return nullcontext()

        monkeypatch.setattr(scoring, "score_task", lambda *_: evaluation)
        monkeypatch.setattr(scoring, "embedding_in", watched)
        benchmark = Benchmark("cldr", ["de", "en"], replace(PARAMS, precision=precision))
        return benchmark.score(SentenceTransformer(modules=[torch.nn.Identity()])), seen

    return make


def test_the_precision_is_used_and_goes_with_the_scores(scored, evaluation, tmp_path: Path):
    exact, _ = scored("fp32", evaluation)
    lower, seen = scored("int8", evaluation)
    assert seen == ["fp32", "int8"]
    assert "precision" not in exact.plain()["task"]
    assert lower.plain()["task"]["precision"] == "int8"
    for one in (exact, lower):
        write_summary(tmp_path / "summary.json", one)
        assert read_summary(tmp_path / "summary.json").task == one.task
    assert lower.task.version_and_precision == f"{exact.task.version} · embedded in int8"


def test_no_table_and_no_metric_mixes_precisions(scored, evaluation):
    exact, lower = scored("fp32", evaluation)[0], scored("bf16", evaluation)[0]
    assert headline({"cldr": exact}).keys() == {"cldr"}
    assert headline({"cldr": lower}).keys() == {"cldr-bf16"}
    final = {"cldr": evaluation.settings}
    names = [set(score_values({"cldr": one}, final)) for one in (exact, lower)]
    assert names[0]
    assert not names[0] & names[1]
    assert len(names[0]) == len(names[1])
