"""Look whether processes run."""

import time
from collections.abc import Sequence
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended may wait for somebody to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(found: Sequence[int]) -> None:
    deadline = time.monotonic() + 30
    while any(map(is_alive, found)):
        assert time.monotonic() < deadline, f"still running: {found}"
        time.sleep(0.05)
