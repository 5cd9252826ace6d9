"""The guard stops a command with all that it started: when the pipe closes, and when the command is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hbir.studies.guard import stop
from hbir.studies.processes import GUARD
from tests.studies.processes import wait_until_gone

COMMAND = """
import os, signal, subprocess, sys, time
code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code])
print(os.getpid(), flush=True)
try:
    child.wait()
except KeyboardInterrupt:  # in the very moment in which the child ends it may take the child's exit code along
    child.wait()
    sys.exit(7)
"""
STUBBORN = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print(1, flush=True)
time.sleep(60)
"""


def guarded(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*GUARD, sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def pids(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(2)]


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def test_what_ends_by_itself_keeps_its_exit_code():
    with guarded("raise SystemExit(3)") as process:
        assert process.wait(30) == 3


def test_a_closed_pipe_interrupts_the_command_and_its_children():
    with guarded(COMMAND) as process:
        found = pids(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 7
    wait_until_gone(found)


def test_a_signal_to_the_guard_changes_nothing():
    with guarded("import time; print(1, flush=True); time.sleep(1)") as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        assert process.wait(30) == 0


def test_a_command_that_is_killed_leaves_nothing_behind():
    with guarded(COMMAND) as process:
        found = pids(process)
        leader = next(pid for pid in found if os.getpgid(pid) == pid)
        os.kill(leader, signal.SIGKILL)
        assert process.wait(30) == 128 + signal.SIGKILL
    wait_until_gone(found)


def test_the_death_of_the_one_who_started_it_stops_all():
    code = f"""
import subprocess, sys
guard = subprocess.Popen({[*GUARD, sys.executable, "-c", COMMAND]!r}, stdin=subprocess.PIPE)
guard.wait()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        found = pids(parent)
        parent.kill()
        parent.wait(30)
    wait_until_gone(found)


def test_what_hears_no_signal_is_killed():
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        stop(process, ((signal.SIGINT, 0.2), (signal.SIGTERM, 0.2), (signal.SIGKILL, 30.0)))
        assert process.wait(30) == -signal.SIGKILL
