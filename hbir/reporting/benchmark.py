"""Show the scores of one encoder on one benchmark."""

from collections.abc import Iterable
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.summary import ScoredTask, Settings
from hbir.reporting.columns import SETTING_NAMES, named_column


def show(model: str, evaluation: Evaluation, console: Console) -> None:
    """Print the scores of one encoder.

    Args:
        model: what to call it.
        evaluation: its scores.
        console: where to.
    """
    task = evaluation.task
    facts = [f"{task.queries:,} queries", f"{task.passages:,} passages"]
    title = " · ".join([f"[bold]{escape(task.name)}[/bold]  {escape(task.version_and_precision)}", *facts])
    console.print(f"{title}\n{escape(model)} · {escape(', '.join(task.languages))}", highlight=False)
    console.print(_measures(task, evaluation.settings))
    for group, settings in evaluation.groups.items():
        console.print(f"[bold]{escape(group)}[/bold]", _measures(task, settings))
    if len(set(evaluation.cells["query_lang"].to_pylist())) > 1:
        console.print(_languages_table(task, evaluation))


def _measures(task: ScoredTask, settings: Settings) -> Table:
    found = dict.fromkeys(measure for scores in settings.values() for measure in scores)
    table = _table("", settings)
    for measure in dict.fromkeys([*task.measures, *found]):
        column = named_column(task.main_measure, "", measure)
        values = [column.text(scores.get(measure)) for scores in settings.values()]
        table.add_row(column.name, *values, style="bold" if measure in task.measures else "")
    return table


def _languages_table(task: ScoredTask, evaluation: Evaluation) -> Table:
    """Show the main measure by the language of the query, as a mean over pools."""
    column = named_column(task.main_measure, "", task.main_measure)
    values: dict[tuple[str, str], list[float]] = {}
    for cell in evaluation.cells.to_pylist():
        if cell[column.measure] is not None:
            values.setdefault((cell["query_lang"], cell["setting"]), []).append(cell[column.measure])
    table = _table(f"{column.name} by language of the query", evaluation.settings)
    for language in sorted({language for language, _ in values}):
        means = [fmean(values[key]) if (key := (language, s)) in values else None for s in evaluation.settings]
        table.add_row(language, *map(column.text, means))
    return table


def _table(heading: str, settings: Iterable[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(heading)
    for setting in settings:
        table.add_column(SETTING_NAMES.get(setting, setting), justify="right")
    return table
