"""Say what one needs to make the same results again: commit, parameters, environment."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError
from hbir.core.paths import PARAMS
from hbir.reporting.git import code_commit, committed_data

PLACES = ("device", "threads", "processes", "cpu", "platform", "python")
"""Keys of a record of a training that describe where it ran; the versions of packages follow."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Hold what made the results."""

    commit: str = ""
    """Empty where there is no Git."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """Parameter → value, where params.yaml differs from the one that is committed."""
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Sampler → what its model was trained with; without those of which this machine does not know."""

    @property
    def command(self) -> str:
        """Return the command that makes them in a clone at that commit."""
        if not self.changed:
            return "make repro"
        options = (shlex.quote(f"{name}={text}") for name, text in self.changed.items())
        return " ".join(["dvc exp run", *(f"-S {option}" for option in options)])


def origin(root: Path, params: Mapping[str, Any], records: Mapping[str, Mapping[str, Any] | None]) -> Origin:
    """Find out what made the results of a folder.

    Args:
        root: the project's folder.
        params: the content of its params.yaml.
        records: sampler → record of its training, None where it is lost.

    Returns:
        All that is known.
    """
    try:
        committed = committed_data(root, "HEAD", str(PARAMS))
    except DataError:  # no Git, or no commit yet
        committed = dict(params)
    return Origin(
        commit=code_commit(root),
        changed=changes(committed, params),
        environments={sampler: environment(record) for sampler, record in records.items() if record},
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """List the values that differ.

    Args:
        before: sections and keys.
        after: the same, changed.

    Returns:
        Name with dots → new value as `dvc exp run -S` takes it; what is gone is null.
    """
    old, new = _flat(before), _flat(after)
    names = [*new, *(name for name in old if name not in new)]
    return {name: _plain(new.get(name)) for name in names if old.get(name, ...) != new.get(name, ...)}


def environment(record: Mapping[str, Any]) -> dict[str, str]:
    """Describe where and with what a model was trained.

    Args:
        record: of the training.

    Returns:
        Name → text, without what differs from run to run.
    """
    found = {name: str(record[name]) for name in PLACES if record.get(name)}
    return found | {name: str(version) for name, version in (record.get("packages") or {}).items()}


def environment_names(environments: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """List what is known of any environment.

    Args:
        environments: sampler → name → text.

    Returns:
        The names in the order of a record.
    """
    return list(dict.fromkeys(name for found in environments.values() for name in found))


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
