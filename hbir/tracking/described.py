"""Read what a project's results were made with, and what became of its translations."""

from collections.abc import Collection
from copy import deepcopy
from pathlib import Path
from typing import Any

from hbir.core.errors import ParamsError
from hbir.core.files import read_json
from hbir.core.lock_file import locked_stages
from hbir.core.params import read_params
from hbir.core.paths import LOCK, PARAMS, TRANSLATED

COUNTS = ".stats.json"
"""What follows the language in the names of the files of counts."""


def project_params(root: Path) -> dict[str, Any]:
    """Read the params that a project's results were made with.

    Args:
        root: its folder.

    Returns:
        What dvc.lock says of its stages, for params.yaml may have changed since; where there is no lock, what
        params.yaml says. Empty where there is neither.
    """
    params: dict[str, Any] = {}
    for stage in locked_stages(root / LOCK).values():
        for key, value in (stage.get("params", {}).get(PARAMS.name) or {}).items():
            _put(params, key.split("."), deepcopy(value))
    return params or written_params(root)


def written_params(root: Path) -> dict[str, Any]:
    """Read params.yaml, which a stage that runs keeps to.

    Args:
        root: the project's folder.

    Returns:
        Its content; empty where it cannot be read, for a run without a description is still a run.
    """
    try:
        return read_params(root / PARAMS)
    except ParamsError:
        return {}


def read_translations(root: Path, languages: Collection[str]) -> dict[str, Any]:
    """Read what the translate stage counted.

    Args:
        root: the project's folder.
        languages: those of the project.

    Returns:
        Language → what became of its pairs; a file of a language that the project does not name is an old one.
    """
    files = {path.name.removesuffix(COUNTS): path for path in (root / TRANSLATED).glob(f"*{COUNTS}")}
    return {language: read_json(path) for language, path in sorted(files.items()) if language in languages}


def _put(params: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        params = params.setdefault(key, {})
    params[path[-1]] = value
