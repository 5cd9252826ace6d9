"""Lay out what a study varies: one cell for each combination of the values of its axes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from hbir.core.errors import ParamsError
from hbir.core.params import unknown
from hbir.studies.study_file import Axis, Study

_LABEL = re.compile(r"\w(?:[\w.+-]*\w)?")
"""A part of a Git reference, and of a file's name."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Hold one combination."""

    labels: tuple[str, ...]
    """One per axis."""
    changes: Mapping[str, Any]
    """Dotted key of params.yaml → value."""

    @property
    def label(self) -> str:
        """Return what it is called; empty where nothing is varied."""
        return "-".join(self.labels)


def cells_of(study: Study) -> list[Cell]:
    """List the cells of a study.

    Args:
        study: the study.

    Returns:
        The product of its axes, the last one varying fastest; one cell without labels where there is none.

    Raises:
        ParamsError: when a value makes no label, or two have the same.
    """
    axes = [_values(name, axis) for name, axis in study.sweep.items()]
    cells = []
    for chosen in product(*axes):
        changes: dict[str, Any] = {}
        for _, part in chosen:
            changes |= part
        cells.append(Cell(labels=tuple(label for label, _ in chosen), changes=changes))
    names = [cell.label for cell in cells]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ParamsError(
            where=f"study {study.name}: sweep",
            expected="values whose labels differ",
            found=f"{twice!r} twice",
            hint="Name one of them otherwise.",
        )
    return cells


def numeric_axis(study: Study) -> str | None:
    """Find the axis along which a curve can be drawn.

    Args:
        study: the study.

    Returns:
        The last axis, where it lists three or more numbers; else None.
    """
    name, axis = next(reversed(study.sweep.items()), ("", []))
    plain = isinstance(axis, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis)
    return name if plain and len(axis) > 2 else None


def with_value(params: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set a param that is there already.

    Args:
        params: the whole of params.yaml, changed in place.
        key: dotted.
        value: the new one.
        where: who sets it, for a message.

    Raises:
        ParamsError: when there is no such param.
    """
    *parents, last = key.split(".")
    place: Any = params
    for name in parents:
        if not isinstance(place, dict) or name not in place:
            raise unknown(where, key, _keys(params))
        place = place[name]
    if not isinstance(place, dict) or last not in place:
        raise unknown(where, key, _keys(params))
    place[last] = value


def _keys(params: Mapping[str, Any], prefix: str = "") -> list[str]:
    keys = []
    for name, value in params.items():
        inner = _keys(value, f"{prefix}{name}.") if isinstance(value, dict) else []
        keys += [f"{prefix}{name}", *inner]
    return keys


def _values(name: str, axis: Axis) -> list[tuple[str, Mapping[str, Any]]]:
    if isinstance(axis, dict):
        return [(_checked(name, label), changes) for label, changes in axis.items()]
    return [(_checked(name, _text(value)), {name: value}) for value in axis]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _checked(axis: str, label: str) -> str:
    if _LABEL.fullmatch(label) is None or ".." in label:
        raise ParamsError(
            where=f"sweep: {axis}",
            expected="a label of letters, digits and . _ + - for each value",
            found=repr(label),
            hint=f"Name it: `{axis}: {{some-label: {{key: value}}}}`.",
        )
    return label
