"""The time of a command until it has shown its help."""

import subprocess

import pytest

from perf.start_up import seconds


def test_a_command_takes_some_time():
    assert 0 < seconds("convert") < 60


def test_a_command_that_is_not_there_is_no_time():
    with pytest.raises(subprocess.CalledProcessError):
        seconds("no-such-command")
