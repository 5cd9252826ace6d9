"""Start DVC under a guard, with a log and a GPU, and stop it with all that it started."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from hbir.core.gpus import VISIBLE
from hbir.studies.guard import SECONDS_TO_STOP
from hbir.studies.lost import forget

GUARD = (sys.executable, "-m", "hbir.studies.guard")
DVC = (sys.executable, "-m", "dvc")
TARGET = "evaluate"
"""The last stage: what it does not need, such as a sampler that is not compared, is not trained."""
STARTED = ("Reproducing experiment", "tage '")
"""What DVC says when it has taken an experiment from its list; the latter alone where it lost its name."""
SECONDS_TO_START = 300.0


@dataclass
class Running:
    """Hold a process that makes an experiment, or one stage."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]
    """The guard, which stops when its standard input is closed."""
    began: float
    gpu: str | None
    """The only one that it sees; None for all."""

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

    @property
    def has_started(self) -> bool:
        """Tell whether DVC has taken it from its list."""
        text = self.text()
        return any(word in text for word in STARTED)

    def has_ended(self) -> bool:
        """Tell whether it has ended, and let go of the pipe then.

        Returns:
            Whether it has.
        """
        if self.process.poll() is None:
            return False
        self.release()
        return True

    def release(self) -> None:
        """Close the pipe, at which the guard stops what still runs."""
        if self.process.stdin is not None:
            self.process.stdin.close()


def spawn(name: str, command: Sequence[str], root: Path, log: Path, gpu: str | None = None) -> Running:
    """Start a command of DVC.

    Args:
        name: of what it makes.
        command: behind `dvc`; it waits for the lock of another one.
        root: the project's folder.
        log: the file that gets what it says.
        gpu: the only one that it sees; None for all.

    Returns:
        The process.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*GUARD, *DVC, "--wait-for-lock", *command],
            cwd=root,
            env=_environment(os.environ) | ({} if gpu is None else {VISIBLE: gpu}),
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    return Running(name=name, log=log, process=process, began=time.monotonic(), gpu=gpu)


def start(
    name: str,
    arguments: Sequence[str],
    root: Path,
    log: Path,
    is_stopped: Callable[[], bool],
    gpu: str | None = None,
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
        gpu: the only one that it sees; None for all.

    Returns:
        The process, which may have ended already.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["exp", "run", "--temp", "--name", name, *arguments, TARGET]
    with _starting(root):
        running = spawn(name, command, root, log, gpu)
        while running.process.poll() is None and not running.has_started and not is_stopped():
            if time.monotonic() - running.began > SECONDS_TO_START:
                break
            time.sleep(0.1)
    return running


def forget_leftovers(root: Path, names: Collection[str]) -> list[str]:
    """Take off DVC's list what a killed process left there.

    Args:
        root: the project's folder.
        names: of the experiments that are about to start.

    Returns:
        Which of them were there.
    """
    with _starting(root):
        return forget(root, names)


def stop(running: Sequence[Running]) -> None:
    """Stop processes: first as Ctrl-C does, so that trainings keep their states.

    Args:
        running: what to stop; those that have ended are left alone.
    """
    for one in running:
        one.release()
    deadline = time.monotonic() + SECONDS_TO_STOP
    while any(one.process.poll() is None for one in running) and time.monotonic() < deadline:
        time.sleep(0.1)


def _starting(root: Path) -> FileLock:
    """Lock what no two may do at a time: between putting onto DVC's list and taking off it."""
    path = root / ".hbir" / "studies" / "start.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Let the stages find this Python, and forget which stage or experiment called us."""
    kept = {key: value for key, value in given.items() if not key.startswith("DVC_EXP_")}
    for key in ("DVC_ROOT", "DVC_STAGE"):
        kept.pop(key, None)
    folder, path = str(Path(sys.executable).parent), given.get("PATH", os.defpath)
    if folder not in path.split(os.pathsep):  # no environment is activated
        path = os.pathsep.join([folder, path])
    return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}
