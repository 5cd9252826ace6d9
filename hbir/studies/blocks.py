"""Write the parts of a report that a page about it names: each is a block of Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hbir.core.rows import find_row
from hbir.reporting.columns import MISSING, Column, named_column
from hbir.reporting.markdown import escaped, line
from hbir.reporting.numbers import change, short
from hbir.studies.about import UNKNOWN, About
from hbir.studies.evidence import Evidence
from hbir.studies.figures import Figure, Place
from hbir.studies.folder import Numbers
from hbir.studies.markdown import differences_markdown, legend, parted, scores_markdown
from hbir.studies.sections import answers, figure_markdown, how, section
from hbir.studies.study_table import StudyTable

SAID = ("better", "worse")


def blocks(numbers: Numbers, figures: Mapping[Place, Sequence[Figure]], folder: str) -> dict[str, str]:
    """Write every block.

    Args:
        numbers: of a report.
        figures: of its tables.
        folder: of the figures, from the page; empty or with a slash behind it.

    Returns:
        Name → Markdown. Those of the first benchmark are `table`, its scores, and `rows`, what they are of;
        `differences`, to each reference; `bias`; and `figures`. `answer` is what the tests show on every
        benchmark, `monolingual` what became of each language alone, `cost` the trainings, `tables` all other
        benchmarks; `legend` explains them, and `how` says how they are made again.
    """
    first = [one for one in numbers.tables if _place(one) == _place(numbers.tables[0])]
    others = [one for one in numbers.tables if _place(one) != _place(numbers.tables[0])]
    found = {
        "answer": list(answers(numbers)),
        "rows": [_rows(first[0])],
        "table": [_caption(numbers, first[0]), scores_markdown(first[0], parted(first[0])[0])],
        "differences": [part for one in first for part in differences_markdown(one, parted(one)[0])],
        "figures": [p for one in figures[_place(first[0])] for p in figure_markdown(one, folder)],
        "bias": list(_bias(first)),
        "monolingual": [part for one in numbers.evidence for part in _monolingual(one)],
        "cost": list(_cost(numbers.about)),
        "tables": [
            part
            for one in others
            for part in section(one, () if one.group or one.repeats else figures[_place(one)], folder)
        ],
        "legend": [legend(len(numbers.about.seeds))],
        "how": list(how(numbers.about)),
    }
    return {name: "\n\n".join(parts) for name, parts in found.items()}


def _place(table: StudyTable) -> Place:
    return table.benchmark, table.title


def _caption(numbers: Numbers, table: StudyTable) -> str:
    langs = [one.languages for one in numbers.evidence if (one.benchmark, one.title) == _place(table)]
    where = f"{escaped(table.benchmark)} in {len(langs[0])} languages" if langs else escaped(table.benchmark)
    seeds = "one seed" if len(table.seeds) == 1 else f"{len(table.seeds)} seeds"
    return f"{where}, {seeds}; in brackets 95 % intervals; better and worse than `{table.reference}`:"


def _rows(table: StudyTable) -> str:
    """Say what the rows of a table are."""
    known = [(row.name, find_row(row.sampler)) for row in table.rows if row.name == row.sampler]
    said = [f"`{name}`: {row.description.partition(':')[0]}" for name, row in known if row]
    return f"Rows: {'; '.join(said)}." if said else ""


def _bias(tables: Sequence[StudyTable]) -> Iterator[str]:
    for table in tables:
        for columns in parted(table)[1:]:
            yield from [] if table.repeats else [scores_markdown(table, columns)]
            yield from differences_markdown(table, columns)


def _monolingual(one: Evidence) -> Iterator[str]:
    """Show the reference's score in each language, and each row's beside it."""
    languages = [lang for lang in one.languages if (lang, lang) in one.pairs.get(one.reference, {})]
    rows = [
        row for row in one.pairs if row != one.reference and any((row, lang) in one.alone for lang in languages)
    ]
    if not rows:
        return
    column = named_column(one.measure, "monolingual", one.measure)
    what = f"{column.name} of each language alone, and its change from `{one.reference}`"
    yield f"{escaped(one.benchmark)}, {what}:"
    lines = [line(["language", one.reference, *rows]), line(["---", *("---:" for _ in (one.reference, *rows))])]
    for lang in languages:
        before = short(column, one.pairs[one.reference][lang, lang])
        lines.append(line([lang, before, *(_alone(one, column, row, lang) for row in rows)]))
    yield "\n".join(lines)


def _alone(one: Evidence, column: Column, row: str, lang: str) -> str:
    found = one.alone.get((row, lang))
    if found is None:
        return MISSING
    word = f" {found.verdict}" if found.verdict in SAID else ""
    return f"{short(column, one.pairs[row][lang, lang])} ({change(column, found.value)}{word})"


COST = {
    "row": "row",
    "seed": "seed",
    "learning_rate": "learning rate",
    "temperature": "temperature",
    "steps": "steps",
    "batch_size": "pairs per step",
    "best_step": "best step",
    "validation_loss": "its validation loss",
    "minutes": "minutes",
    "memory_mb": "memory, MB",
}


def _cost(about: About) -> Iterator[str]:
    shown = [name for name in COST if any(name in one for one in about.trainings)]
    if about.trainings:
        head = [line([COST[name] for name in shown]), line(["---:" if n != "row" else "---" for n in shown])]
        yield "\n".join([*head, *(line([_plain(one.get(name)) for name in shown]) for one in about.trainings)])
    if about.machine == UNKNOWN:
        yield "On which machine, in how many minutes and in how much memory is not known here."
    else:
        yield f"Minutes and memory are those of the training alone, on: {about.machine}."


def _plain(value: Any) -> str:
    if value is None:
        return MISSING
    return f"{value:,}" if isinstance(value, int) else escaped(str(value))
