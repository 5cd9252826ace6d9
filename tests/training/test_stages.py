"""The stages train and score, as far as they hand on what params.yaml says."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from hbir.core.training_record import TrainingRecord
from hbir.evaluation import scorers
from hbir.training.run import Job
from stages import score as score_stage
from stages import train as train_stage
from tests.training.conftest import make_record

ROOT = Path(__file__).parents[2]


class Stop(Exception):  # noqa: N818
    """End a stage before it costs time."""


def stop(*_: Any, **__: Any) -> None:
    raise Stop


@pytest.fixture(params=[False, True])
def trusted(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Be in a project that does, or does not, trust code that comes with a model."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    yaml = YAML()
    params = yaml.load(tmp_path / "params.yaml")
    params["encoder"]["trust_remote_code"] = request.param
    params["train"]["max_grad_norm"] = 0.5
    params["overrides"] = {"xx": {"temperature": 0.11, "learning_rate": 0.011}, "xy": {"temperature": 0.22}}
    params["tracking"] |= {"log_every": 7, "checkpoint_every": 70}
    yaml.dump(params, tmp_path / "params.yaml")
    return bool(request.param)


def test_training_trusts_code_where_the_encoder_does(trusted: bool, monkeypatch: pytest.MonkeyPatch):
    jobs: list[Job] = []
    monkeypatch.setattr(train_stage, "LiveRun", lambda: None)

    def run(job: Job, _: object) -> TrainingRecord:
        jobs.append(job)
        return make_record("xy")

    monkeypatch.setattr(train_stage, "run_training", run)
    result = CliRunner().invoke(train_stage.train, ["xy"], catch_exceptions=False)
    assert result.output == ("train xy: 2 steps, best at step 1 (validation loss 1.0000, final 2.0000)\n")
    assert [(job.trust_remote_code, job.sampler, job.params.max_grad_norm) for job in jobs] == [
        (trusted, "xy", 0.5)
    ]
    [job] = jobs
    assert (job.params.temperature, job.params.learning_rate) == (0.22, 0.002)
    assert (job.log_every, job.checkpoint_every, job.threads, job.seed) == (7, 70, 2, 1)


def test_scoring_trusts_code_where_the_encoder_does(trusted: bool, monkeypatch: pytest.MonkeyPatch):
    loaded: list[tuple[str, bool]] = []

    def load(path: Path, device: object, trust_remote_code: bool = False) -> None:
        loaded.append((str(path), trust_remote_code))

    Path("models/xy/final").mkdir(parents=True)
    monkeypatch.setattr(score_stage, "prepare_torch", lambda _: None)
    monkeypatch.setattr(scorers, "load_encoder", load)
    monkeypatch.setattr(scorers, "has_record", lambda _: True)
    monkeypatch.setattr(score_stage, "Benchmark", stop)
    with pytest.raises(Stop):
        CliRunner().invoke(score_stage.score, ["xy"], catch_exceptions=False)
    assert loaded == [("models/xy", trusted), ("models/xy/final", trusted)]
