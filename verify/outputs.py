"""Hash what a pipeline made, stage by stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hbir.core.errors import DataError
from hbir.core.hashing import file_digest
from hbir.core.machine import read_record
from hbir.core.paths import LOCK, MODELS
from hbir.core.training_record import TRAINING, read_training
from hbir.reporting.reproduce import environment

Digests = dict[str, dict[str, str]]
"""Stage → file → SHA-256, in the order of dvc.yaml."""
MADE_WITH = ("python", "torch", "cpu", "threads", "platform", "device")
"""What must be known of the machine and the packages that trained a model."""


def digests(root: Path) -> Digests:
    """Hash every output in a clone, and dvc.lock, which names what they were made from.

    Args:
        root: the clone.

    Returns:
        The digests.

    Raises:
        DataError: when there is no dvc.lock.
    """
    if not (root / LOCK).is_file():
        raise DataError(
            where=str(root / LOCK),
            expected="what DVC has made",
            found="no such file",
            hint="Run `dvc repro` there first.",
        )
    yaml = YAML(typ="safe")
    order = list(yaml.load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
    stages: Mapping[str, Any] = yaml.load((root / LOCK).read_text(encoding="utf-8"))["stages"]
    found = {
        name: _files(root, [str(out["path"]) for out in stages[name].get("outs", ())])
        for name in sorted(stages, key=lambda name: (order.index(name.partition("@")[0]), name))
    }
    return {**found, str(LOCK): _files(root, [str(LOCK)])}


def environments(root: Path) -> dict[str, dict[str, str]]:
    """Read where and with what each model of a clone was trained.

    Args:
        root: the clone.

    Returns:
        Model → name → text; a model without a record has none.
    """
    known = {}
    for path in sorted((root / MODELS).glob(f"*/{TRAINING}")):
        record = read_record(root, read_training(path).fingerprint)
        known[path.parent.name] = environment(record) if record else {}
    return known


def lacking(environments: Mapping[str, Mapping[str, str]]) -> list[str]:
    """List what is not known of where models were trained.

    Args:
        environments: model → name → text.

    Returns:
        A line for each model of which something is missing.
    """
    missing = {
        model: [name for name in MADE_WITH if name not in known] for model, known in environments.items()
    }
    return [f"models/{model}: no record of {', '.join(names)}" for model, names in missing.items() if names]


def read_metrics(folder: Path) -> dict[str, str]:
    """Read files of metrics.

    Args:
        folder: with them, such as `metrics`.

    Returns:
        Name → text.

    Raises:
        DataError: when there is none.
    """
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    if not found:
        raise DataError(
            where=str(folder),
            expected="a folder with files of metrics",
            found="none",
            hint="Name `metrics` of a project, or of what `--save` wrote.",
        )
    return found


def _files(root: Path, outs: list[str]) -> dict[str, str]:
    """Hash the files of some outputs; one that is not there has none."""
    paths = [
        path
        for out in sorted(outs)
        for path in ([root / out] if (root / out).is_file() else sorted((root / out).rglob("*")))
        if path.is_file()
    ]
    return {path.relative_to(root).as_posix(): file_digest(path) for path in paths}
