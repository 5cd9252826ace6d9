"""Limit the memory of a command. `tests.pipeline.preloaded` runs this before it.

LIMIT in the environment is `BYTES|FILE`; the file gets the largest resident memory, in bytes.
"""

import atexit
import os
import resource
from pathlib import Path


def install() -> None:
    """Set the limit, and tell at the end what was taken."""
    limit, told = os.environ["LIMIT"].split("|")
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    atexit.register(_tell, Path(told))


def _tell(told: Path) -> None:
    """Read what the kernel has seen of this process alone: `ru_maxrss` begins with what its parent held."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    told.write_text(str(int(line.split()[1]) * 1024), encoding="utf-8")


if "LIMIT" in os.environ:
    install()
