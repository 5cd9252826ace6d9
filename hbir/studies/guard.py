"""Run a command, and stop it with all that it started as soon as nobody holds the other end of a pipe.

`python -m hbir.studies.guard COMMAND…`, with the pipe as standard input. Whoever started it stops it by closing
the pipe; where that process is killed, the system closes it. A signal to the guard itself changes nothing, for
the terminal and `kill` reach the one who holds the pipe.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

GRACE = 60.0
"""Seconds for a training to finish its step and keep its state; after that it is killed."""
STEPS = ((signal.SIGINT, GRACE), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""Signals, and how long each is given: the first is what Ctrl-C sends."""
SECONDS_TO_STOP = sum(seconds for _, seconds in STEPS) + 5.0
_LOOK = 0.2
"""Seconds between two looks."""


def main(command: Sequence[str]) -> int:
    """Run a command until it ends, or until the pipe is closed.

    Args:
        command: the program and its arguments; it and what it starts are a process group of their own.

    Returns:
        Its exit code; 128 and the signal where one ended it.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    asked = False
    while process.poll() is None and not asked:
        asked = bool(select.select([sys.stdin], [], [], _LOOK)[0])  # readable at its end: it is closed
    if asked or process.returncode < 0:  # one that was killed leaves what it had started
        stop(process)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[int, float]] = STEPS) -> None:
    """Stop a process group, first as Ctrl-C does.

    Args:
        process: its leader, which may have ended.
        steps: signals, and the seconds that each is given.
    """
    for number, seconds in steps:
        deadline = time.monotonic() + seconds
        if not _signal(process, number):
            return
        while _signal(process, 0):
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK / 4)


def _signal(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to a group, 0 for none; tell whether anyone of it is left."""
    process.poll()  # an ended leader that nobody asked for counts as one that is left
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # the latter on macOS, where all that is left has ended
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
