"""What hbir sets in the environment reaches the libraries that read it once, and yields to the user."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.find_spec("torch")
LIBRARIES = sorted(Path(str(SPEC and SPEC.origin)).parent.glob("lib/libgomp*"))
CODE = "import sys, hbir, ctypes; ctypes.CDLL(sys.argv[1])"
"""As in every command: hbir first, and torch's OpenMP at the first use of torch."""


def spins(**variables: str) -> int:
    """Ask GNU's OpenMP, in a process of its own, how often a thread looks before it sleeps."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, "-c", CODE, str(LIBRARIES[0])]
    environment = rest | variables | {"OMP_DISPLAY_ENV": "VERBOSE"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    [count] = re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr)
    return int(count)


@pytest.mark.skipif(not LIBRARIES, reason="this torch has no OpenMP of GNU")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 3000),
        ({"GOMP_SPINCOUNT": "77"}, 77),
        ({"OMP_WAIT_POLICY": "PASSIVE"}, 0),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, 30_000_000_000),
    ],
)
def test_threads_wait_as_hbir_or_else_the_user_says(variables: dict[str, str], expected: int):
    assert spins(**variables) == expected
