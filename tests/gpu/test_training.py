"""A GPU trains what a CPU trains, the same bytes each time, and as one of two hosts."""

from pathlib import Path

import pytest

from hbir.core.hashing import folder_digest
from hbir.training.run import train
from tests.several import values
from tests.training.conftest import LORA, Files
from tests.training.observers import Recorder, Silent
from tests.training.test_ranks import Toy, losses, trained
from tests.training.test_resume import killed, trained_steps

KINDS = [{"precision": "fp32"}, {"precision": "bf16"}, {"gradient_caching": 32}, {"lora": LORA}]


@pytest.mark.parametrize("changes", KINDS, ids=lambda changes: next(iter(changes.values())))
def test_a_killed_training_goes_on_to_the_bytes_of_an_unbroken_one(
    files: Files, tmp_path: Path, main_repository: Path, changes
):
    train(files.job(tmp_path / "whole", **changes), Silent())
    killed(files.job(tmp_path / "parts", **changes), 11, main_repository)
    recorder = Recorder()
    train(files.job(tmp_path / "parts", **changes), recorder)
    assert trained_steps(recorder) == [9, 12]
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


@pytest.mark.parametrize("caching", [None, 16])
def test_a_gpu_trains_what_a_cpu_trains(toy: Toy, tmp_path: Path, monkeypatch, caching):
    here, _ = trained(toy.job(tmp_path / "gpu", gradient_caching=caching))
    monkeypatch.setattr("hbir.training.run.device_of", lambda _: "cpu")
    there, _ = trained(toy.job(tmp_path / "cpu", gradient_caching=caching))
    assert losses(here) == pytest.approx(losses(there), abs=1e-3)
    assert here.fingerprint != there.fingerprint


@pytest.mark.parametrize("changes", [{}, {"gradient_caching": 16}], ids=["whole", "gradient caching"])
def test_two_hosts_over_nccl_train_what_one_gpu_trains(toy: Toy, tmp_path: Path, changes):
    """Both share the one card, which NCCL allows to processes of different hosts."""
    alone, _ = trained(toy.job(tmp_path / "alone", **changes))
    for record, _ in values(2, trained, toy.job(tmp_path / "together", **changes), hosts=True):
        assert losses(record) == pytest.approx(losses(alone), abs=1e-5)
        assert record.fingerprint == alone.fingerprint
