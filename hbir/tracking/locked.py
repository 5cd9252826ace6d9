"""Read what dvc.lock says of a model: its hash, and the data that it was trained and scored on."""

from collections.abc import Iterable, Mapping
from typing import Any

from hbir.core.lock_file import Stages
from hbir.core.paths import BATCHES, INPUTS, MODELS, PAIRS, SCORES

SCORED_FILES = (INPUTS / "score.json").as_posix()
"""What stands for the files of all benchmarks."""


def out_hash(stages: Stages, path: str) -> str:
    """Find the hash of an output.

    Args:
        stages: of dvc.lock.
        path: relative to the project's folder.

    Returns:
        Such as `0123….dir`; empty where no stage makes it.
    """
    return _hash(_maker(stages, path).get("outs", []), path)


def trained_on(stages: Stages, sampler: str) -> dict[str, str]:
    """Find what the model that was scored was trained on.

    Args:
        stages: of dvc.lock.
        sampler: whose model.

    Returns:
        Path → hash of its plan and of the pairs; none where the model that dvc.lock says was scored is another
        than the one that it says was trained, or where it was not trained at all.
    """
    model = f"{MODELS}/{sampler}"
    train, score = _maker(stages, model), _maker(stages, f"{SCORES}/{sampler}")
    if not train or _hash(train["outs"], model) != _hash(score.get("deps", []), model):
        return {}
    paths = (f"{BATCHES.as_posix()}/{sampler}.parquet", PAIRS.as_posix())
    found = {path: _hash(train.get("deps", []), path) for path in paths}
    return {path: digest for path, digest in found.items() if digest}


def scored_on(stages: Stages, sampler: str) -> str:
    """Find the hash of what stands for the files of all benchmarks.

    Args:
        stages: of dvc.lock.
        sampler: whose scores.

    Returns:
        It; empty where dvc.lock has none.
    """
    return _hash(_maker(stages, f"{SCORES}/{sampler}").get("deps", []), SCORED_FILES)


def _maker(stages: Stages, path: str) -> Mapping[str, Any]:
    makers = (stage for stage in stages.values() if _hash(stage.get("outs", []), path))
    return next(makers, {})


def _hash(entries: Iterable[Mapping[str, Any]], path: str) -> str:
    return next((str(entry.get("md5", "")) for entry in entries if entry["path"] == path), "")
