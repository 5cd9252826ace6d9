"""Remove the scores of what is not compared any more: DVC leaves them, and they would look like results."""

import shutil
from collections.abc import Collection
from pathlib import Path

from hbir.core.paths import METRICS, SCORES
from hbir.core.training_record import TRAINING

HEADLINE = "headline"
"""The metrics of the sampler that stands for an experiment."""


def remove_leftovers(root: Path, compared: Collection[str]) -> list[str]:
    """Remove scores and metrics of other samplers; DVC's cache keeps what it knows of them.

    Args:
        root: the project's folder.
        compared: the samplers whose scores stay.

    Returns:
        The names of the samplers of which something was removed.
    """
    folders = [path.parent for path in sorted((root / SCORES).glob(f"*/{TRAINING}"))]
    files = sorted((root / METRICS).glob("*.json"))
    old = [path for path in (*folders, *files) if path.stem not in {*compared, HEADLINE}]
    for path in old:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return sorted({path.stem for path in old})
