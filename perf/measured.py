"""Run a command as a process of its own, and note what it took: seconds, memory and disk."""

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSE = 1.0
"""Seconds between two looks at the folder."""
_BLOCK = 512
"""Bytes in which the system counts what is written."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Hold what a process took, with those that it started."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all cores together."""
    memory: float
    """Largest resident memory of any one process, MB; pages of mapped files count. Linux begins with what this
    process holds, so call it from one that is smaller than the command."""
    written: float
    """MB that went to the disk, temporary files too."""
    folder: float
    """MB in the folder at the most, as seen every PAUSE seconds."""


class FailedError(Exception):
    """Tell that a command ended with an error."""


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> Cost:
    """Run a command.

    Args:
        command: the program and its arguments.
        folder: it runs there.
        environ: its environment.
        log: a file to which all that it prints is added.

    Returns:
        What it took.

    Raises:
        FailedError: when it ends with an error; the message has the last lines that it printed.
    """
    start = time.monotonic()
    with log.open("ab") as stream:
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=stream, stderr=stream)
        try:
            usage, largest = _waited(process, folder)
        finally:
            if process.returncode is None:  # this process is interrupted
                process.kill()
    if process.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise FailedError(f"{' '.join(command)}: exit code {process.returncode}\n{last}")
    return _cost(usage, time.monotonic() - start, largest)


def _waited(process: "subprocess.Popen[bytes]", folder: Path) -> tuple[resource.struct_rusage, float]:
    """Wait for the end of a process: what it used, and the MB that the folder had at the most."""
    largest = size_of(folder)
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        largest = max(largest, size_of(folder))
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, largest
        time.sleep(PAUSE)


def _cost(usage: resource.struct_rusage, wall: float, folder: float) -> Cost:
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss * 1024 / 1e6,
        written=usage.ru_oublock * _BLOCK / 1e6,
        folder=folder,
    )


def size_of(folder: Path) -> float:
    """Add up the files below a folder.

    Args:
        folder: an existing one; files may come and go.

    Returns:
        MB.
    """
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118  # many files
            except FileNotFoundError:
                continue
    return total / 1e6
