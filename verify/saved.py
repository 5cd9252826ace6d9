"""Keep what a verification found, so that another machine can be compared with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.core.paths import METRICS
from verify.outputs import Digests, digests, environments, read_metrics

FILE = "verified.json"
DECISIVE = ("cpu", "device", "threads", "torch", "numpy", "transformers", "sentence-transformers", "tokenizers")
"""Where all of these are the same, bytes are; the first says whether it is the same kind of CPU."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hold what came out on a machine."""

    commit: str
    digests: Digests
    environment: dict[str, str]
    """Of all models; they were trained in the same place."""
    metrics: dict[str, str]
    """Name of a file → its text."""

    def unlike(self, other: "Found") -> list[str]:
        """Say in what the surroundings of two runs differ that may change bytes.

        Args:
            other: of another machine.

        Returns:
            A phrase for each.
        """
        pairs = {name: (self.environment.get(name), other.environment.get(name)) for name in DECISIVE}
        return [f"{name} {one} and {two}" for name, (one, two) in pairs.items() if one != two]


def look(root: Path, commit: str) -> Found:
    """Take what a clone has made.

    Args:
        root: the clone.
        commit: of the code.

    Returns:
        All that is compared.
    """
    known = environments(root)
    merged = {name: text for one in known.values() for name, text in one.items()}
    return Found(commit=commit, digests=digests(root), environment=merged, metrics=read_metrics(root / METRICS))


def save(folder: Path, found: Found) -> None:
    """Write what was found.

    Args:
        folder: where.
        found: what.
    """
    content = {"commit": found.commit, "environment": found.environment, "digests": found.digests}
    write_json(folder / FILE, content)
    (folder / METRICS).mkdir(parents=True, exist_ok=True)
    for name, text in found.metrics.items():
        (folder / METRICS / name).write_text(text, encoding="utf-8", newline="\n")


def load(folder: Path) -> Found:
    """Read what another machine found.

    Args:
        folder: that `save` wrote.

    Returns:
        It.

    Raises:
        DataError: when it is not there, or is something else.
    """
    content = read_json(folder / FILE)
    keys = ("commit", "digests", "environment")
    if not isinstance(content, Mapping) or any(key not in content for key in keys):
        raise DataError(
            where=str(folder / FILE),
            expected=f"an object with {', '.join(keys)}",
            found="something else",
            hint="Write it with `python -m verify clones --save FOLDER` on the other machine.",
        )
    return Found(**{key: content[key] for key in keys}, metrics=read_metrics(folder / METRICS))
