"""Write the report of a study: question, answer, tables, figures, CSV, and how to make it again."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hbir.core.files import atomic_folder
from hbir.core.rows import compared_rows
from hbir.studies.about import about
from hbir.studies.analysis import analyse
from hbir.studies.ask import Asked
from hbir.studies.collect import Complete, fetch
from hbir.studies.curves import curve_axis
from hbir.studies.evidence import gather
from hbir.studies.figures import Figure, Place, draw_all
from hbir.studies.folder import Numbers, write_numbers
from hbir.studies.markdown import legend
from hbir.studies.published import beside_published
from hbir.studies.sections import answers, how, section
from hbir.studies.study_file import Study
from hbir.studies.tables import TablePlan, table_plans

REPORTS = Path("studies/reports")
PAGE = "report.md"


def measured(asked: Asked, complete: Complete) -> Numbers:
    """Compare a study's experiments.

    Args:
        asked: the study.
        complete: those of its experiments that are used.

    Returns:
        All numbers of its report.

    Raises:
        DataError: when scores are not in DVC's cache, stale, or not of the same queries.
    """
    study = _of_changed_rows(asked) if asked.question.changes else asked.study
    plans = _with_cells(table_plans(study, asked.shared), complete)
    with tempfile.TemporaryDirectory() as temporary:
        results = fetch(complete, plans, asked.baseline.root, Path(temporary))
        tables = [
            table
            for plan, one in zip(plans, results, strict=True)
            for table in analyse(plan, one, study.measures, study.benchmarks, study.groups)
        ]
        evidence = [
            found
            for plan, one in zip(plans, results, strict=True)
            if not plan.repeats
            for found in gather(plan, one, study.benchmarks)
        ]
        axis = next(filter(None, (curve_axis(study, table.rows) for table in tables)), None)
        return Numbers(about=about(asked, complete, results, axis), tables=tables, evidence=evidence)


def write_report(study: Study, numbers: Numbers, root: Path) -> Path:
    """Write what came out.

    Args:
        study: whose report it is.
        numbers: what `measured` returned.
        root: the project's folder.

    Returns:
        The folder, which holds report.md, figures and the files of the numbers.
    """
    folder = root / REPORTS / (study.name or "seeds")
    with atomic_folder(folder) as target:
        write_numbers(numbers, target)
        page = "\n\n".join(_page(study, numbers, draw_all(numbers, target))) + "\n"
        (target / PAGE).write_text(page, encoding="utf-8")
    return folder


def _page(study: Study, numbers: Numbers, figures: Mapping[Place, Sequence[Figure]]) -> Iterator[str]:
    yield f"# {study.question}"
    yield from answers(numbers)
    if published := beside_published(study, numbers.tables):
        yield "## Beside the published figures"
        yield published
    for table in numbers.tables:
        shown = () if table.group or table.repeats else figures[table.benchmark, table.title]
        yield from section(table, shown)
    yield legend(len(numbers.about.seeds))
    yield "## How to make it again"
    yield from how(numbers.about)


def _of_changed_rows(asked: Asked) -> Study:
    """Leave out the rows that a change by `--set-param` takes away, such as those of `baselines=[]`."""
    study, scored = asked.study, compared_rows(asked.shared)

    def kept(rows: Sequence[str]) -> list[str]:
        return [row for row in rows if row in scored]

    reference = kept(study.references) or None if study.compare == "samplers" else study.reference
    return replace(study, samplers=kept(study.samplers), beside=kept(study.beside), reference=reference)


def _with_cells(plans: Sequence[TablePlan], complete: Complete) -> list[TablePlan]:
    """Drop the rows of cells that are left out, and the tables that lose their reference or all else."""
    there = {one.planned.cell.label for one in complete.found}
    kept = [replace(plan, rows=tuple(row for row in plan.rows if row.cell in there)) for plan in plans]
    return [plan for plan in kept if plan.reference in {row.name for row in plan.rows}]
