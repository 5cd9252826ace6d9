"""Plan a study: every experiment with its name and the whole of its params."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAMLError

from hbir.core.errors import HbirError, ParamsError
from hbir.core.params import unknown
from hbir.core.yaml_text import parsed
from hbir.inputs.check import check
from hbir.inputs.study import merge
from hbir.reporting.seeds import SEED
from hbir.studies.cells import Cell, cells_of, with_value
from hbir.studies.study_file import Study


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Hold one experiment that a study wants."""

    name: str
    cell: Cell
    seed: int
    params: Mapping[str, Any]
    """The whole content of its params.yaml."""


def plan(study: Study, base: Mapping[str, Any], changes: Sequence[str] = ()) -> list[Planned]:
    """List the experiments of a study.

    Args:
        study: the study.
        base: the content of the params.yaml that it starts from.
        changes: further `key=value`, for every experiment.

    Returns:
        All cells with the first seed, then with the next.

    Raises:
        ParamsError: when a key that it changes is unknown, or is the seed.
    """
    where = f"study {study.name}"
    _refuse_seed(study, changes)
    shared = copy.deepcopy(dict(base))
    merge(shared, study.params)
    with_changes(shared, changes, where)
    found = []
    for seed in study.seeds:
        for cell in cells_of(study):
            params = copy.deepcopy(shared)
            for key, value in cell.changes.items():
                with_value(params, key, copy.deepcopy(value), f"{where}: sweep")
            params[SEED] = seed
            name = "-".join(filter(None, (study.name, cell.label, f"seed-{seed}")))
            found.append(Planned(name=name, cell=cell, seed=seed, params=params))
    return found


def _refuse_seed(study: Study, changes: Sequence[str]) -> None:
    """Refuse a seed anywhere but in `seeds`, which would be overwritten: two names for one experiment."""
    where = f"study {study.name}"
    places = {
        f"{where}: sweep": any(SEED in cell.changes for cell in cells_of(study)),
        where: SEED in study.params,
        f"{where}: --set-param": any(_change(change)[0] == SEED for change in changes),
    }
    for place, sets_it in places.items():
        if sets_it:
            raise ParamsError(
                where=place,
                expected=f"params without `{SEED}`",
                found=f"`{SEED}`",
                hint="Name seeds in `seeds` of the study; `--only seed-<n>` chooses one of them.",
            )


def with_changes(params: dict[str, Any], changes: Sequence[str], where: str) -> None:
    """Set params as a command line says.

    Args:
        params: the whole of params.yaml, changed in place.
        changes: `key=value`, the value in YAML.
        where: who sets them, for a message.

    Raises:
        ParamsError: when a key is unknown, or one is no such text.
    """
    for change in changes:
        key, value = _change(change)
        with_value(params, key, value, f"{where}: {change}")


def check_plan(planned: Sequence[Planned]) -> None:
    """Check the whole params of every cell.

    Args:
        planned: what `plan` returned.

    Raises:
        ParamsError: when one would be refused by the pipeline; the message names the experiment.
    """
    first = planned[0].seed if planned else 0
    for one in planned:
        if one.seed == first:
            try:
                check(dict(one.params))
            except HbirError as error:
                raise ParamsError(
                    where=f"experiment {one.name}: {error.where}",
                    expected=error.expected,
                    found=error.found,
                    hint=error.hint,
                ) from error


def chosen(planned: Sequence[Planned], only: Sequence[str]) -> list[Planned]:
    """Choose some experiments.

    Args:
        planned: what `plan` returned.
        only: labels of cells, `seed-<n>`, or names of experiments; empty for all.

    Returns:
        Those that any of them names.

    Raises:
        ParamsError: when one names none.
    """
    known = dict.fromkeys(name for one in planned for name in _names(one))
    for name in only:
        if name not in known:
            raise unknown("--only", name, known)
    return [one for one in planned if not only or not set(only).isdisjoint(_names(one))]


def _names(one: Planned) -> Iterator[str]:
    yield from filter(None, (one.cell.label, f"seed-{one.seed}", one.name))


def _change(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    try:
        found = parsed(value)
    except YAMLError:
        equals, found = "", None
    if not equals or not key:
        raise ParamsError(
            where="--set-param", expected="key=value", found=repr(text), hint="Such as batches.steps=100."
        )
    return key, found
