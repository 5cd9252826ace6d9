"""Apply a study: a file that states only what differs from params.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hbir.benchmarks.registry import name_of
from hbir.core.files import atomic_file
from hbir.core.objects.urls import is_url
from hbir.core.params import read_params, unknown
from hbir.core.paths import PARAMS
from hbir.core.registry import Entry
from hbir.core.watched import BENCHMARKS, located
from hbir.inputs.check import Params, check
from hbir.inputs.link import link
from hbir.inputs.named import of_all

STUDIES = Path("studies")
SECTION = "study"
"""The key of a study's file that says what it asks; all others are those of params.yaml."""
EXTENDS = "extends"
"""The key of a study's file that names another, of which it says only what differs."""


def read_study(name: str) -> dict[str, Any]:
    """Read what a study changes.

    Args:
        name: of a file in studies/, without its ending.

    Returns:
        Keys of params.yaml and their values.

    Raises:
        ParamsError: when there is no such study.
    """
    names = [path.stem for path in STUDIES.glob("*.yaml")]
    if name not in names:
        raise unknown(str(STUDIES), name, names)
    return {key: value for key, value in study_content(STUDIES / f"{name}.yaml").items() if key != SECTION}


def study_content(path: Path) -> dict[str, Any]:
    """Read a study's file, and under it the one that it extends.

    Args:
        path: the file; what it extends lies beside it.

    Returns:
        What both say, without the key `extends`. A mapping is merged key by key, anything else replaced.

    Raises:
        ParamsError: when a file is no mapping, is not there, or extends itself.
    """
    chain = [read_params(path)]
    seen = [path]
    while (base := chain[-1].pop(EXTENDS, None)) is not None:
        names = [found.stem for found in path.parent.glob("*.yaml") if found not in seen]
        if base not in names:
            raise unknown(f"{seen[-1]}: {EXTENDS}", str(base), names)
        seen.append(path.parent / f"{base}.yaml")
        chain.append(read_params(seen[-1]))
    content = chain.pop()
    while chain:
        merge(content, chain.pop())
    return content


def merge(params: dict[str, Any], changes: dict[str, Any]) -> list[str]:
    """Change params in place; a mapping is merged key by key, anything else is replaced.

    Args:
        params: the whole file.
        changes: of a study.

    Returns:
        A line for each key that got another value.
    """
    return list(_merge(params, changes, ""))


def _merge(params: dict[str, Any], changes: dict[str, Any], parents: str) -> Iterator[str]:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(params.get(key), dict):
            yield from _merge(params[key], value, f"{parents}{key}.")
        elif key not in params or params[key] != value:
            yield f"{parents}{key}: {_short(params.get(key))} → {_short(value)}"
            params[key] = value


def _short(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    return "null" if value is None else str(value)


def link_data(params: Params, data: Path) -> list[str]:
    """Bring the files that params.yaml names from a folder that is laid out like the watched ones.

    Args:
        params: the whole file, with the study.
        data: a folder with what lies below the watched folders: `docs/all.jsonl` is to be
            `data/sources/docs/all.jsonl`, and `xquad-r` to be `data/benchmarks/xquad-r`.

    Returns:
        What was linked.
    """
    made = []
    for paths in (_benchmarks, _named):  # in this order: a benchmark that lies elsewhere is refused by name
        for path in dict.fromkeys(paths(params)):
            there = data / Path(*path.parts[len(BENCHMARKS.parts) :])
            if there.exists() and not located(path).exists():
                link(there, path)
                made.append(f"{path} → {there}")
    return made


def absent_paths(params: Params) -> list[str]:
    """List the files that params.yaml names and that are not here.

    Args:
        params: the whole file, with the study.

    Returns:
        Their paths.
    """
    return [str(path) for path in dict.fromkeys(_named(params)) if not located(path).exists()]


def _named(params: Params) -> Iterator[Path]:
    return (Path(path.written) for path in of_all(params) if not is_url(path.written))


def _benchmarks(params: Params) -> Iterator[Path]:
    """List where benchmarks are looked for that name no folder."""
    entries: list[Entry] = [*params.collect.leak_guard, *params.evaluate.benchmarks]
    yield from (
        BENCHMARKS / name_of(entry) for entry in entries if isinstance(entry, str) or "data" not in entry
    )


def apply_study(name: str, data: Path | None) -> tuple[list[str], list[str], list[str]]:
    """Change params.yaml as a study says, with its comments and in DVC's style, and link its files.

    Args:
        name: of a file in studies/, without its ending.
        data: a folder with the study's files; None to link nothing.

    Returns:
        What was changed, what was linked, and which files are still missing.

    Raises:
        ParamsError: when the study is unknown, or params.yaml would not be whole.
    """
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 10_000
    read_params()  # says what is wrong with the file
    params = yaml.load(PARAMS.read_text(encoding="utf-8"))
    changes = merge(params, read_study(name))
    whole = check(params)
    linked = link_data(whole, data) if data else []
    absent = absent_paths(whole)
    with atomic_file(PARAMS) as temporary:
        yaml.dump(params, temporary)
    return changes, linked, absent
