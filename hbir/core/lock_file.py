"""Read what dvc.lock says of the stages that DVC ran."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAMLError

from hbir.core.yaml_text import parsed

Stages = Mapping[str, Mapping[str, Any]]
"""Name of a stage → what dvc.lock says of it; not to be changed."""


def locked_stages(lock: Path) -> Stages:
    """Read a dvc.lock.

    Args:
        lock: the file.

    Returns:
        Its stages; none where there is no such file, or a broken one, and not those that are no stage: DVC
        refuses both before it runs anything.
    """
    try:
        text = lock.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return _parsed(text)


@lru_cache(maxsize=2)
def _parsed(text: str) -> Stages:
    """Parse what is asked for once per sampler; the committed dvc.lock takes half a second."""
    try:
        content = parsed(text)
    except YAMLError:
        return {}
    stages = content.get("stages") if isinstance(content, dict) else None
    return (
        {name: stage for name, stage in stages.items() if _is_stage(stage)} if isinstance(stages, dict) else {}
    )


def _is_stage(stage: Any) -> bool:
    if not isinstance(stage, dict):
        return False
    files = [stage.get("deps", []), stage.get("outs", [])]
    params = stage.get("params", {})
    return (
        all(isinstance(entries, list) and all(map(_is_file, entries)) for entries in files)
        and isinstance(params, dict)
        and all(isinstance(values, dict) for values in params.values())
    )


def _is_file(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("path"), str)
