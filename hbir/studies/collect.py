"""Bring the scores of a study's experiments together, and refuse what does not belong together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.paths import LOCK
from hbir.evaluation.over_seeds import refuse_one_seed
from hbir.evaluation.results import SamplerResults
from hbir.reporting.git import committed_data
from hbir.studies.existing import Baseline, Found
from hbir.studies.run import log_path
from hbir.studies.tables import TablePlan
from hbir.studies.words import listed
from hbir.tracking.scores import fetch_scores

SHOWN = 3
"""So many experiments are named."""
Results = Mapping[int, Sequence[SamplerResults]]
"""Seed → the rows of a table, each called as the table calls it."""


@dataclass(frozen=True, kw_only=True)
class Complete:
    """Hold what a report is made of."""

    found: Sequence[Found]
    """The experiments that are used."""
    seeds: Sequence[int]
    """Those that every row has."""
    left_out: Sequence[str]
    """Names of the experiments that are not there."""


def complete(found: Sequence[Found], baseline: Baseline, study: str, partial: bool) -> Complete:
    """Check that all experiments are there.

    Args:
        found: what is known of each.
        baseline: the commit that they started from.
        study: the name that their experiments begin with.
        partial: whether to do with those that are there: seeds that most cells have, and the cells that have
            all of these; and with a single seed, where there is but one.

    Returns:
        What can be used.

    Raises:
        DataError: when one is missing or has other params, or none is there; or fewer than two seeds, unless
            partial.
    """
    absent = [one for one in found if one.state != "there"]
    if absent and not partial:
        raise _absent(absent, len(found), baseline, study)
    there = [one for one in found if one.state == "there"]
    by_cell: dict[str, set[int]] = {}
    for one in there:
        by_cell.setdefault(one.planned.cell.label, set()).add(one.planned.seed)
    seeds = _common_seeds(list(by_cell.values()))
    if not partial or not seeds:
        refuse_one_seed(len(seeds), f"study {study}")
    cells = {label for label, those in by_cell.items() if seeds <= those}
    used = [one for one in there if one.planned.cell.label in cells and one.planned.seed in seeds]
    _refuse_other_code(used, baseline)
    return Complete(
        found=used,
        seeds=sorted(seeds),
        left_out=[one.planned.name for one in found if one not in used],
    )


def _common_seeds(cells: Sequence[set[int]]) -> set[int]:
    """Choose seeds that as many cells as possible have all of, then as many as possible; if it can be, two."""
    every = sorted(set[int]().union(*cells))
    sets = [set(some) for size in range(1, len(every) + 1) for some in combinations(every, size)]

    def rank(some: set[int]) -> tuple[bool, int, int]:
        number = sum(some <= cell for cell in cells)
        return number > 0 and len(some) > 1, number, len(some)

    return max(sets, key=rank, default=set())


def fetch(complete: Complete, plans: Sequence[TablePlan], root: Path, folder: Path) -> list[Results]:
    """Read the scores of every table.

    Args:
        complete: the experiments.
        plans: of the tables.
        root: the project's folder.
        folder: gets copies of the scores.

    Returns:
        The results of each table, called by the names of its rows.
    """
    wanted: dict[tuple[str, int], set[str]] = {}
    for table in plans:
        for row in table.rows:
            for seed in complete.seeds:
                wanted.setdefault((row.cell, seed), set()).add(row.sampler)
    places = {(one.planned.cell.label, one.planned.seed): one for one in complete.found}
    read: dict[tuple[str, int, str], SamplerResults] = {}
    for number, ((cell, seed), samplers) in enumerate(wanted.items()):
        one = places[cell, seed]
        got = fetch_scores(root, one.commit, one.name, sorted(samplers), folder / str(number))
        read.update({(cell, seed, result.sampler): result for result in got})
    return [
        {
            seed: [replace(read[row.cell, seed, row.sampler], sampler=row.name) for row in table.rows]
            for seed in complete.seeds
        }
        for table in plans
    ]


def _absent(absent: Sequence[Found], number: int, baseline: Baseline, study: str) -> DataError:
    others = [one for one in absent if one.state == "other"]
    if others:
        return other_params(others)
    names = [one.planned.name for one in absent]
    logs = [log for name in names if (log := log_path(baseline.root, study, name)).is_file()]
    said = ""
    if logs:
        shown = listed([str(log.relative_to(baseline.root)) for log in logs], SHOWN)
        said = f" Failed, stopped or running: see {shown}."
    elsewhere = baseline.elsewhere([one.planned for one in absent])
    if elsewhere:
        most = max(elsewhere, key=lambda commit: elsewhere[commit])
        said += f" {elsewhere[most]} of them started from commit {most[:7]}: --baseline {most[:7]} reads those."
    return DataError(
        where=f"study {study} at commit {baseline.commit[:7]}",
        expected=f"all of its {number} experiments",
        found=f"{number - len(absent)}; missing: {listed(names, SHOWN)}",
        hint=f"Make them with `hbir study run`, or report what is there with --partial.{said}",
    )


def other_params(others: Sequence[Found]) -> DataError:
    """Build the error for experiments whose names a study uses, and that have other params.

    Args:
        others: at least one.

    Returns:
        The error, to be raised by the caller.
    """
    one = others[0]
    parts = [f"{key}: {found!r} instead of {wanted!r}" for key, (wanted, found) in (one.differs or {}).items()]
    more = f"; so it is with {len(others) - 1} more" if len(others) > 1 else ""
    return DataError(
        where=f"experiment {one.name}",
        expected="the params that the study gives it",
        found="; ".join(parts[:SHOWN]) + more,
        hint=f"It is of an older state of the study. `dvc exp remove {one.name}`, and run again.",
    )


def _refuse_other_code(used: Sequence[Found], baseline: Baseline) -> None:
    """Check that all scores were made by one state of the code, as their dvc.lock says."""
    seen: dict[str, tuple[str, str]] = {}
    for one in used:
        code = dict(_code(committed_data(baseline.root, one.commit, str(LOCK))))
        changed = sorted(name for name, md5 in code.items() if seen.get(name, ("", md5))[1] != md5)
        if changed:
            raise DataError(
                where=f"experiments {seen[changed[0]][0]} and {one.name}",
                expected="results of one state of the code",
                found=f"another content of {listed(changed, SHOWN)}",
                hint="Where one of them is a commit, run `dvc repro` there and commit; else make them again.",
            )
        seen |= {name: (one.name, md5) for name, md5 in code.items()}


def _code(lock: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the code that decides scores, with its hashes; what only shows them may differ."""
    stages = lock.get("stages")
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        for dep in stage.get("deps", []) if name != "evaluate" else ():
            if dep["path"].startswith(("hbir/", "stages/")):
                yield dep["path"], str(dep.get("md5", ""))
