"""Start `dvc exp run` as a process of its own, with a log, and stop it with all that it started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

DVC = (sys.executable, "-m", "dvc")
TARGET = "evaluate"
"""The last stage: what it does not need, such as a sampler that is not compared, is not trained."""
STARTED = "Reproducing experiment"
"""What DVC says when it has taken an experiment from its list."""
SECONDS_TO_START = 300.0
GRACE = 60.0
"""Seconds for a training to finish its step and keep its state; after that it is killed."""


@dataclass
class Running:
    """Hold a process that makes an experiment."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]
    began: float

    def text(self) -> str:
        """Read what it has said so far.

        Returns:
            The content of its log.
        """
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_ending(self) -> bool:
        """Tell whether it is at its last stage, after which DVC looks for another experiment on its list."""
        return f"tage '{TARGET}'" in self.text()

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it started.

        Args:
            number: such as signal.SIGINT.
        """
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def start(
    name: str, arguments: Sequence[str], root: Path, log: Path, is_stopped: Callable[[], bool]
) -> Running:
    """Start an experiment, and wait until DVC has taken it from its list.

    `dvc exp run --temp` puts an experiment onto a list and takes the first of that list, without a lock between
    the two: of two that start together, one may take the other's. So no two start at a time. One that ends
    looks at that list again, so none shall start meanwhile (`is_ending`). Seen on a busy machine: an experiment
    was made twice, the second time without a name.

    Args:
        name: of the experiment.
        arguments: of `dvc exp run`, beside the name.
        root: the project's folder.
        log: the file that gets what it says.
        is_stopped: asked while waiting.

    Returns:
        The process, which may have ended already.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [*DVC, "--wait-for-lock", "exp", "run", "--temp", "--name", name, *arguments, TARGET]
    with FileLock(log.parent.parent / "start.lock"), log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=_environment(os.environ),
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        running = Running(name=name, log=log, process=process, began=time.monotonic())
        while process.poll() is None and STARTED not in running.text() and not is_stopped():
            if time.monotonic() - running.began > SECONDS_TO_START:
                break
            time.sleep(0.1)
    return running


def stop(running: Sequence[Running]) -> None:
    """Stop processes: first as Ctrl-C does, so that trainings keep their states.

    Args:
        running: what to stop; those that have ended are left alone.
    """
    for number, seconds in ((signal.SIGINT, GRACE), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        left = [one for one in running if one.process.poll() is None]
        for one in left:
            one.signal(number)
        deadline = time.monotonic() + seconds
        while any(one.process.poll() is None for one in left) and time.monotonic() < deadline:
            time.sleep(0.1)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Let the stages find this Python, and forget which stage or experiment called us."""
    kept = {key: value for key, value in given.items() if not key.startswith("DVC_EXP_")}
    for key in ("DVC_ROOT", "DVC_STAGE"):
        kept.pop(key, None)
    folder, path = str(Path(sys.executable).parent), given.get("PATH", os.defpath)
    if folder not in path.split(os.pathsep):  # no environment is activated
        path = os.pathsep.join([folder, path])
    return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}
