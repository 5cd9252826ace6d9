"""Name the machine, the versions and the commit of a measurement."""

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "numpy",
    "faiss-cpu",
    "ranx",
    "pytrec_eval-terrier",
)
ROOT = Path(__file__).parents[1]
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Origin:
    """Say where figures come from; two that are equal come from one run."""

    machine: str
    """CPU, cores and memory."""
    versions: str
    """Of Python and what matters for speed."""
    commit: str
    """Short; with a `+` where code was changed since."""
    date: str
    """Of the day, UTC."""

    def as_dict(self) -> dict[str, str]:
        """Return the fields."""
        return asdict(self)


def origin() -> Origin:
    """Describe this machine and what is installed.

    Returns:
        Its description, now.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return Origin(
        machine=f"{_cpu()}, {cores()} cores, {memory:.0f} GB",
        versions=", ".join([f"Python {platform.python_version()}", *_versions()]),
        commit=_commit(),
        date=datetime.now(UTC).date().isoformat(),
    )


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def cpu_flags() -> frozenset[str]:
    """Return what the CPU can do, such as `avx512_bf16` or `amx_bf16`, as Linux names it; empty elsewhere."""
    return frozenset(_cpuinfo("flags").split())


def _cpu() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), "")


def _versions() -> list[str]:
    installed = {found.metadata["Name"] for found in importlib.metadata.distributions()}
    return [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES if name in installed]


def _commit() -> str:
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "hbir", "perf/*.py")
    return (commit or "unknown") + ("+" if changed else "")


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""
