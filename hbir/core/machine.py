"""Keep what a training's outputs must not hold, its speed and its machine, outside DVC."""

import importlib.metadata
import logging
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json

log = logging.getLogger(__name__)
PACKAGES = ("torch", "transformers", "sentence-transformers", "tokenizers", "numpy", "pyarrow", "babel")
"""Whose versions can change a model."""


def main_root() -> Path:
    """Find the main repository, also from the directory of a queued or temporary experiment.

    Returns:
        `DVC_ROOT`, which DVC sets for its stages; else the nearest folder upwards that holds `.dvc`; else
        the current one.
    """
    if named := os.environ.get("DVC_ROOT"):
        return Path(named).resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def record_path(root: Path, fingerprint: str) -> Path:
    """Name the record of a run.

    Args:
        root: the main repository.
        fingerprint: of the run.

    Returns:
        A file below `.hbir`.
    """
    return root / ".hbir" / "records" / f"{fingerprint}.json"


def write_record(root: Path, fingerprint: str, record: dict[str, Any]) -> None:
    """Write the record of a run.

    Args:
        root: the main repository.
        fingerprint: of the run.
        record: `seconds`, `pairs_per_second` and what `environment` returned.
    """
    write_json(record_path(root, fingerprint), record)


def read_record(root: Path, fingerprint: str) -> dict[str, Any] | None:
    """Read the record of a run.

    Args:
        root: the main repository.
        fingerprint: of the run.

    Returns:
        It, or None when this machine has none that can be read; one that cannot is a warning.
    """
    path = record_path(root, fingerprint)
    try:
        if not path.is_file():
            return None
        record = read_json(path)
    except (OSError, DataError) as error:
        log.warning("%s; its speed is left out", str(error).rstrip("."))
        return None
    if not isinstance(record, dict) or not {"seconds", "pairs_per_second"} <= record.keys():
        log.warning("%s: no record of a training; its speed is left out", path)
        return None
    return record


def environment(device: str, threads: int, processes: int = 1) -> dict[str, Any]:
    """Describe the machine and what is installed.

    Args:
        device: what the model ran on, such as `cpu`.
        threads: CPU threads.
        processes: that shared the work, on all hosts.

    Returns:
        Plain values: device, threads, processes where there are several, peak_memory_mb (MB, of this process so
        far), cpu, platform, python and packages.
    """
    return {
        "device": device,
        "threads": threads,
        **({"processes": processes} if processes > 1 else {}),
        "peak_memory_mb": round(peak_memory() / 1e6, 1),
        "cpu": _cpu(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def peak_memory() -> int:
    """Return the bytes of memory that this process took at its largest so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)  # bytes there, KiB elsewhere


def _cpu() -> str:
    """Name the CPU as Linux does; elsewhere its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
