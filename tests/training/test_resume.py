"""A training that was stopped, killed or damaged goes on to the same bytes, or begins anew and says so."""

import io
import logging
import os
import signal
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from filelock import FileLock

from hbir.core.errors import RanksError
from hbir.core.hashing import folder_digest
from hbir.encoding.ranks import ALONE, Ranks
from hbir.training import run as run_module
from hbir.training.checkpoint import Checkpoints
from hbir.training.loop import Loop
from hbir.training.run import train
from tests.training.conftest import LORA, Files
from tests.training.observers import Recorder, Silent


class Killed(BaseException):
    """Stand for a process that is gone in the midst of a step."""


def kill_before(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Loop._do_step

    def dies(self: Loop) -> None:
        if self.step == step:
            raise Killed
        real(self)

    monkeypatch.setattr(Loop, "_do_step", dies)


def killed(job: Any, step: int, main_repository: Path) -> Path:
    """Train until a process dies, and return the folder of its states."""
    with pytest.MonkeyPatch.context() as patch:
        kill_before(step, patch)
        with pytest.raises(Killed):
            train(job, Silent())
    [folder] = checkpoints(main_repository)
    return folder


def checkpoints(root: Path) -> list[Path]:
    return [path for path in (root / ".hbir/checkpoints").glob("*") if path.is_dir()]


def trained_steps(recorder: Recorder) -> list[int]:
    return [event[1] for event in recorder.events if event[0] == "train"]


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (signal.SIGINT, {}),
        (signal.SIGTERM, {"lora": LORA, "gradient_checkpointing": True}),
        (signal.SIGHUP, {"freeze_embeddings": True, "precision": "bf16"}),
    ],
)
def test_a_stopped_training_resumes_to_the_same_bytes(
    files: Files, tmp_path: Path, main_repository: Path, number, changes
):
    train(files.job(tmp_path / "whole", **changes), Silent())

    class Stopper(Recorder):
        def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
            super().train(step, loss, learning_rate, pairs_per_second)
            if step == 6 and len(checkpoints(main_repository)) == 1:
                os.kill(os.getpid(), number)

    stopper = Stopper()
    with pytest.raises(KeyboardInterrupt):
        train(files.job(tmp_path / "parts", **changes), stopper)
    assert stopper.events[-1] == ("finish", "KILLED")
    assert not (tmp_path / "parts").exists()
    recorder = Recorder()
    train(files.job(tmp_path / "parts", **changes), recorder)
    assert trained_steps(recorder) == [9, 12]
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


def test_a_killed_training_resumes_from_its_last_checkpoint(
    files: Files, tmp_path: Path, main_repository: Path
):
    train(files.job(tmp_path / "whole"), Silent())
    killed(files.job(tmp_path / "parts"), 11, main_repository)
    recorder = Recorder()
    train(files.job(tmp_path / "parts"), recorder)
    assert trained_steps(recorder) == [9, 12]  # step 8 was the last checkpoint
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


@pytest.mark.parametrize("step", [4, 8])
def test_how_often_states_and_points_are_taken_changes_no_output(
    files: Files, tmp_path: Path, main_repository: Path, step: int
):
    train(files.job(tmp_path / "whole"), Silent())
    job = files.job(tmp_path / "parts")
    killed(job, step + 1, main_repository)
    recorder = Recorder()
    train(replace(job, log_every=5, checkpoint_every=1), recorder)
    assert trained_steps(recorder) == [at for at in (5, 10, 12) if at > step]
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


def test_changed_params_never_resume_an_old_run(files: Files, tmp_path: Path, main_repository: Path):
    killed(files.job(tmp_path / "model"), 5, main_repository)
    recorder = Recorder()
    train(files.job(tmp_path / "model", max_grad_norm=0.5), recorder)
    assert trained_steps(recorder)[0] == 3


@pytest.mark.parametrize("part", ["device", "precision"])
def test_another_device_or_precision_never_resumes_an_old_run(
    files: Files, tmp_path: Path, main_repository: Path, monkeypatch, part: str
):
    """As when a CPU's state is found by a GPU, which computes in bf16 where it can."""
    killed(files.job(tmp_path / "model"), 5, main_repository)
    if part == "precision":
        monkeypatch.setattr(run_module, "uses_bf16", lambda *_: True)
    else:
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "ANOTHER")
    recorder = Recorder()
    train(files.job(tmp_path / "model"), recorder)
    assert trained_steps(recorder)[0] == 3


def test_the_name_of_a_run_holds_where_it_runs(files: Files, tmp_path: Path, monkeypatch):
    names = set()
    for device, bf16 in (("cpu", False), ("cpu", True), ("mps", False)):
        monkeypatch.setattr(run_module, "uses_bf16", lambda *_, bf16=bf16: bf16)
        model: Any = SimpleNamespace(device=torch.device(device))
        names.add(run_module._fingerprint(files.job(tmp_path / "model"), model, ALONE))
    assert len(names) == 3


@pytest.mark.parametrize("part", ["code", "plan", "pairs", "packages", "device"])
def test_a_rank_with_other_code_or_another_plan_is_refused(
    files: Files, tmp_path: Path, monkeypatch, part: str
):
    monkeypatch.setattr(run_module, "uses_bf16", lambda *_: False)
    monkeypatch.setattr(Ranks, "gather", lambda _, mine: [mine, mine | {part: "another"}])
    model: Any = SimpleNamespace(device=torch.device("cpu"))
    with pytest.raises(RanksError, match=f"rank 1 .*found another value of {part}"):
        run_module._fingerprint(files.job(tmp_path / "model"), model, ALONE)


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def zeros(data: bytes) -> bytes:
    return bytes(len(data))


def hole(data: bytes) -> bytes:
    """What torch loads without a word."""
    return data[: len(data) // 2] + bytes(64) + data[len(data) // 2 + 64 :]


def tail(data: bytes) -> bytes:
    return data[:-4096] + bytes(4096)


def nan(data: bytes) -> bytes:
    """A whole state whose weights are no numbers: each step after it would end with an error."""
    state = torch.load(io.BytesIO(data), weights_only=True)
    next(iter(state["model"].values())).view(-1)[0] = float("nan")
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *product(["state.pt", "best-5/model.safetensors"], [truncated, zeros, hole, tail, lambda _: b""]),
        ("state.pt", nan),
    ],
)
def test_a_damaged_state_counts_as_absent_and_is_named(
    files: Files, tmp_path: Path, main_repository: Path, caplog, name: str, damage
):
    train(files.job(tmp_path / "whole"), Silent())
    folder = killed(files.job(tmp_path / "parts"), 9, main_repository)
    path = folder / name
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING, "hbir"):
        recorder = Recorder()
        train(files.job(tmp_path / "parts"), recorder)
    [message] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert str(path if name == "state.pt" else path.parent) in message
    assert "training starts again" in message
    assert trained_steps(recorder)[0] == 3
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


def test_a_model_that_could_not_be_saved_needs_no_further_step(
    files: Files, tmp_path: Path, main_repository: Path, monkeypatch
):
    train(files.job(tmp_path / "whole"), Silent())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "_save", full)
        with pytest.raises(OSError, match="No space"):
            train(files.job(tmp_path / "parts"), Silent())
    recorder = Recorder()
    train(files.job(tmp_path / "parts"), recorder)
    assert trained_steps(recorder) == []
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


def test_who_waits_for_another_process_says_so(tmp_path: Path, caplog, monkeypatch):
    states = Checkpoints(tmp_path / "xx-1")
    other = FileLock(tmp_path / "xx-1.lock")
    other.acquire()
    monkeypatch.setattr(logging.getLogger("hbir.training.checkpoint"), "info", lambda *_: other.release())
    with states.locked():
        assert not other.is_locked
    with pytest.raises(TimeoutError), states.locked():
        FileLock(tmp_path / "xx-1.lock").acquire(timeout=0)
