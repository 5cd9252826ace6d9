"""Write the report of a study: question, answer, tables, plots, CSV, and how to make it again."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hbir.core.files import atomic_folder
from hbir.core.machine import read_record
from hbir.studies.analysis import analyse
from hbir.studies.ask import Asked
from hbir.studies.collect import Complete, Results, fetch
from hbir.studies.conclusions import by_column, conclusion
from hbir.studies.csv_files import differences_csv, scores_csv
from hbir.studies.curves import curve_axis
from hbir.studies.markdown import legend, table_markdown
from hbir.studies.plot import Drawing, draw
from hbir.studies.published import beside_published
from hbir.studies.settings import literal, settings
from hbir.studies.study_table import StudyTable
from hbir.studies.tables import TablePlan, table_plans
from hbir.studies.words import listed

REPORTS = Path("studies/reports")
PAGE, SCORES, DIFFERENCES = "report.md", "scores.csv", "differences.csv"


def write_report(asked: Asked, complete: Complete) -> tuple[Path, list[StudyTable]]:
    """Compare a study's experiments, and write what came out.

    Args:
        asked: the study.
        complete: those of its experiments that are used.

    Returns:
        The folder, which holds report.md, plots and CSV files; and the tables.

    Raises:
        DataError: when scores are not in DVC's cache, stale, or not of the same queries.
    """
    study, baseline = asked.study, asked.baseline
    plans = _with_cells(table_plans(study, asked.shared), complete)
    with tempfile.TemporaryDirectory() as temporary:
        results = fetch(complete, plans, baseline.root, Path(temporary))
        tables = [
            table
            for plan, one in zip(plans, results, strict=True)
            for table in analyse(plan, one, study.measures, study.benchmarks, study.groups)
        ]
    folder = baseline.root / REPORTS / (study.name or "seeds")
    with atomic_folder(folder) as target:
        drawings = [
            draw(table, curve_axis(study, table.rows), target / f"{_slug(table)}.svg")
            if not table.group and not table.repeats
            else None
            for table in tables
        ]
        machine = _machine(baseline.root, results)
        page = "\n\n".join(_page(asked, complete, tables, drawings, machine)) + "\n"
        (target / PAGE).write_text(page, encoding="utf-8")
        (target / SCORES).write_text(scores_csv(tables), encoding="utf-8")
        (target / DIFFERENCES).write_text(differences_csv(tables), encoding="utf-8")
    return folder, tables


def _page(
    asked: Asked,
    complete: Complete,
    tables: Sequence[StudyTable],
    drawings: Sequence[Drawing | None],
    machine: str,
) -> Iterator[str]:
    yield f"# {asked.study.question}"
    yield from (_answer(table, len(tables) > 1) for table in tables)
    if complete.left_out:
        yield f"Not all of it: {listed(complete.left_out, 5)} {_are(len(complete.left_out))} left out."
    if published := beside_published(asked.study, tables):
        yield "## Beside the published figures"
        yield published
    for table, drawing in zip(tables, drawings, strict=True):
        yield f"## {_title(table)}"
        if drawing is not None:
            yield f"![{drawing.alt}]({drawing.path.name})"
        yield "\n".join(by_column(table))
        yield table_markdown(table)
    yield legend(len(complete.seeds))
    yield from _how(asked, complete, machine)


def _answer(table: StudyTable, named: bool) -> str:
    return f"**{_title(table)}**: {conclusion(table)}" if named else conclusion(table)


def _how(asked: Asked, complete: Complete, machine: str) -> Iterator[str]:
    study, baseline = asked.study, asked.baseline
    yield "## How to make it again"
    yield (
        f"{_counted(len(complete.found), 'experiment')}, {_counted(len(complete.seeds), 'seed')} "
        f"({listed([str(seed) for seed in complete.seeds])}), from commit `{baseline.commit}`:"
    )
    commands = [
        f"git checkout {baseline.commit[:10]}",
        f"python -m hbir study run {asked.arguments}",
        f"python -m hbir study report {asked.arguments}{' --partial' if complete.left_out else ''}",
    ]
    yield "\n".join(["```console", *(f"$ {command}" for command in commands), "```"])
    changed = settings(baseline.params, asked.shared)
    yield "Every experiment has " + (
        "the params of that commit, but for:" if changed else "the params of that commit."
    )
    if changed:
        yield "\n".join(["```text", *changed, "```"])
    if study.sweep:
        yield "It varies:"
        lines = [f"{name}: {literal(axis)}" for name, axis in study.sweep.items()]
        yield "\n".join(["```text", *lines, "```"])
    yield f"Made on: {machine}"


def _with_cells(plans: Sequence[TablePlan], complete: Complete) -> list[TablePlan]:
    """Drop the rows of cells that are left out, and the tables that lose their reference or all else."""
    there = {one.planned.cell.label for one in complete.found}
    kept = [replace(plan, rows=tuple(row for row in plan.rows if row.cell in there)) for plan in plans]
    return [plan for plan in kept if plan.reference in {row.name for row in plan.rows}]


def _machine(root: Path, results: Sequence[Results]) -> str:
    """Describe the machine that trained, where this is it."""
    first = next(iter(results[0].values()))[0]
    record = read_record(root, first.record.fingerprint)
    if record is None:
        return "another machine, or unknown: `.hbir/records` has no word of it."
    packages = ", ".join(f"{name} {version}" for name, version in record.get("packages", {}).items())
    return (
        f"{record.get('device')}, {record.get('threads')} thread(s), {record.get('platform')}, "
        f"Python {record.get('python')}; {packages}."
    )


def _title(table: StudyTable) -> str:
    parts = (
        f"{table.benchmark} {table.version}",
        table.title,
        table.group and f"{table.group} queries",
        table.repeats and f"beside `{table.reference}`",
    )
    return ", ".join(filter(None, parts))


def _slug(table: StudyTable) -> str:
    return re.sub(r"[^\w.-]+", "-", "-".join(filter(None, (table.benchmark, table.title)))).strip("-")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
