"""Decide which rows of which tables a study's report has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.core.errors import ParamsError
from hbir.core.params import unknown
from hbir.core.rows import compared_rows
from hbir.studies.cells import Cell, cells_of
from hbir.studies.settings import same
from hbir.studies.study_file import Study


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """Name where the scores of a row are."""

    name: str
    """As the table calls it."""
    cell: str
    """Label of the cell."""
    sampler: str
    beside: bool = False
    """Whether it is a sampler beside the values of a sweep."""


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """Hold the rows that are compared with each other."""

    title: str
    """Empty where there is but one table."""
    reference: str
    """The row that the others are compared with."""
    rows: tuple[PlannedRow, ...]
    repeats: bool = False
    """Whether an earlier plan has the same rows beside another reference."""


def table_plans(study: Study, base: Mapping[str, Any]) -> list[TablePlan]:
    """Plan the tables of a study.

    Args:
        study: the study.
        base: params.yaml of the baseline, with what the study changes everywhere.

    Returns:
        Its tables.

    Raises:
        ParamsError: when a name in `reference`, `samplers`, `beside` or `apart` is unknown.
    """
    scored = compared_rows(base)
    shown = study.samplers or ([str(base["sampler"])] if study.compare == "cells" else scored)
    for sampler in (*shown, *study.beside):
        if sampler not in scored:
            raise unknown(f"study {study.name}: samplers", sampler, scored)
    if study.compare == "samplers":
        return _of_samplers(study, shown, str(base["sampler"]))
    return _of_cells(study, shown, base)


def reference_cells(study: Study, base: Mapping[str, Any]) -> list[Cell]:
    """Find what the other values of the sweep are compared with.

    Args:
        study: the study.
        base: the params that its experiments share.

    Returns:
        A cell for each reference and each combination of the axes that are apart.

    Raises:
        ParamsError: when there is none.
    """
    cells = cells_of(study)
    found: list[Cell] = []
    named: Sequence[str | None] = study.references or [None]
    for name in named:
        chosen = [
            cell
            for cell in cells
            if (_is_plain(study, cell, base) if name is None else _rest(study, cell) == name)
        ]
        if not chosen:
            rest = dict.fromkeys(_rest(study, cell) for cell in cells)
            raise unknown(f"study {study.name}: reference", str(name), rest)
        found += chosen
    return found


def _of_samplers(study: Study, shown: Sequence[str], headline: str) -> list[TablePlan]:
    references = study.references or [headline if headline in shown else shown[0]]
    for reference in references:
        if reference not in shown:
            raise unknown(f"study {study.name}: reference", reference, shown)
    return [
        TablePlan(
            title=cell.label,
            reference=reference,
            rows=tuple(PlannedRow(name=name, cell=cell.label, sampler=name) for name in shown),
            repeats=reference != references[0],
        )
        for cell in cells_of(study)
        for reference in references
    ]


def _of_cells(study: Study, shown: Sequence[str], base: Mapping[str, Any]) -> list[TablePlan]:
    for axis in study.apart:
        if axis not in study.sweep:
            raise unknown(f"study {study.name}: apart", axis, study.sweep)
    if not study.sweep:
        raise ParamsError(
            where=f"study {study.name}: compare",
            expected="a sweep, whose values are compared",
            found="none",
            hint="Add one, or set `compare: samplers`.",
        )
    tables: list[TablePlan] = []
    first: dict[tuple[str, ...], Cell] = {}
    for reference in reference_cells(study, base):
        part = _part(study, reference)
        beside = first.setdefault(part, reference)
        cells = [cell for cell in cells_of(study) if _part(study, cell) == part]
        for sampler in shown:
            rows = [PlannedRow(name=_rest(study, cell), cell=cell.label, sampler=sampler) for cell in cells]
            rows += [
                PlannedRow(name=name, cell=beside.label, sampler=name, beside=True) for name in study.beside
            ]
            title = ", ".join((*part, *((sampler,) if len(shown) > 1 else ())))
            tables.append(
                TablePlan(
                    title=title,
                    reference=_rest(study, reference),
                    rows=tuple(rows),
                    repeats=beside is not reference,
                )
            )
    return tables


def _is_plain(study: Study, cell: Cell, base: Mapping[str, Any]) -> bool:
    """Tell whether a cell has the values of params.yaml, but for the axes that are apart."""
    names = [name for name in study.sweep if name not in study.apart]
    plain = {
        key: value
        for name, label in zip(study.sweep, cell.labels, strict=True)
        if name in names
        for key, value in _changes(study, name, label, cell).items()
    }
    return all(same(_value(base, key), value) for key, value in plain.items())


def _changes(study: Study, axis: str, label: str, cell: Cell) -> Mapping[str, Any]:
    values = study.sweep[axis]
    return values[label] if isinstance(values, dict) else {axis: cell.changes[axis]}


def _value(params: Mapping[str, Any], key: str) -> Any:
    place: Any = params
    for name in key.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    return place


def _part(study: Study, cell: Cell) -> tuple[str, ...]:
    return tuple(label for name, label in zip(study.sweep, cell.labels, strict=True) if name in study.apart)


def _rest(study: Study, cell: Cell) -> str:
    """Name a cell within its table."""
    names = zip(study.sweep, cell.labels, strict=True)
    return "-".join(label for name, label in names if name not in study.apart)
