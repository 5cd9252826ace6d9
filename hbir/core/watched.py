"""Know the folders that DVC watches, and find what an experiment's temporary folder lacks."""

import os
from pathlib import Path

SOURCES = Path("data/sources")
BENCHMARKS = Path("data/benchmarks")
ENCODERS = Path("data/encoders")
ENGINES = Path("data/engines")
WATCHED = (SOURCES, BENCHMARKS, ENCODERS, ENGINES)
"""Where a user's own files lie; each is a dependency of the stage `inputs`."""


def runs_in_pipeline() -> bool:
    """Tell whether DVC runs this command as a stage.

    Returns:
        Whether it does; a command typed by hand may read any file.
    """
    return running_stage() is not None


def running_stage() -> str | None:
    """Return the stage as which DVC runs this command, such as `score@xx`; None where it does not."""
    return os.environ.get("DVC_STAGE")


def located(path: Path) -> Path:
    """Find a file or folder of the project.

    An experiment that runs in a folder of its own (`--temp`, `--queue`) has only what Git and DVC hold. What
    lies below a watched folder of the main repository alone is read there.

    Args:
        path: as named, relative to the project.

    Returns:
        The path in the main repository where only that exists, else the path as it is.
    """
    root = os.environ.get("DVC_ROOT")
    if root and not path.is_absolute() and not path.exists() and is_watched(path):
        there = Path(root) / path
        return there if there.exists() else path
    return path


def is_watched(path: Path) -> bool:
    """Tell whether DVC notices that a path changes.

    Args:
        path: relative to the project.

    Returns:
        Whether it lies below a watched folder; links are not followed.
    """
    plain = Path(os.path.normpath(path))
    return any(folder in plain.parents for folder in WATCHED)
