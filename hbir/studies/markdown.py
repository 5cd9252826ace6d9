"""Write the tables of a study's report as GitHub Markdown."""

from collections.abc import Iterator, Sequence

from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.intervals import LEVEL, RESAMPLES
from hbir.evaluation.significance import ALPHA
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.markdown import escaped, headings, line
from hbir.reporting.numbers import bounds, change, effect_text, p_text, short
from hbir.studies.study_table import StudyRow, StudyTable

_INTERVAL = f"{100 * LEVEL:.0f} % interval: percentile bootstrap, {RESAMPLES:,} resamples of"
SEEDS = (
    f"Mean ± standard deviation over seeds [{_INTERVAL} seeds, then of clusters of queries]. Few seeds make it "
    "too narrow."
)
ONE_SEED = (
    f"One seed. Score [{_INTERVAL} clusters of queries]: what another seed would give is not known, and no "
    "interval covers it."
)
LEGEND = (
    "p: paired randomisation test over clusters of queries; over several seeds the larger one of it and of a t "
    "test with the spread of seeds and queries. It is corrected by Holm for all differences to one reference "
    "on one benchmark (those of language bias apart). d: the difference over its standard deviation between "
    "clusters of queries; about .2 is called small, .5 medium, .8 large. Better and worse are said where p ≤ "
    f"{ALPHA:g} and the interval of the difference leaves out 0; else no difference is shown."
)


def legend(seeds: int) -> str:
    """Explain the tables.

    Args:
        seeds: how many.

    Returns:
        A paragraph.
    """
    return f"{SEEDS if seeds > 1 else ONE_SEED} {LEGEND}"


def table_markdown(table: StudyTable) -> str:
    """Write the scores of a table, and below them the differences to its reference.

    Args:
        table: rows beside their reference.

    Returns:
        Two tables, and two more for the measures of language bias where there are any; the differences alone
        where an earlier table has the scores.
    """
    parts = []
    for columns in parted(table):
        parts += [] if table.repeats else [scores_markdown(table, columns)]
        parts += differences_markdown(table, columns)
    return "\n\n".join(parts)


def parted(table: StudyTable) -> list[list[Column]]:
    """Part the columns of a table.

    Args:
        table: rows beside their reference.

    Returns:
        The scores, and the measures of language bias, as far as it has any.
    """
    bias = [column for column in table.columns if column.measure in BIAS_NAMES]
    main = [column for column in table.columns if column not in bias]
    return [columns for columns in (main, bias) if columns]


def scores_markdown(table: StudyTable, columns: Sequence[Column]) -> str:
    """Write scores with their intervals, and whether they differ from the reference's.

    Args:
        table: rows beside their reference.
        columns: which.

    Returns:
        A table.
    """
    return "\n".join([*headings(columns), *(_scores(table, row, columns) for row in table.rows)])


def differences_markdown(table: StudyTable, columns: Sequence[Column]) -> Iterator[str]:
    """Write the differences to the reference.

    Args:
        table: rows beside their reference.
        columns: which.

    Yields:
        A sentence and a table; nothing where there is none.
    """
    compared = [row for row in table.rows if any(column in row.contrasts for column in columns)]
    if compared:
        yield f"Differences to `{table.reference}`:"
        yield "\n".join([*headings(columns), *(_differences(row, columns) for row in compared)])


def _scores(table: StudyTable, row: StudyRow, columns: Sequence[Column]) -> str:
    name = f"**{escaped(row.name)}**" if row.name == table.reference else escaped(row.name)
    return line([name, *(_score(row, column) for column in columns)])


def _score(row: StudyRow, column: Column) -> str:
    score = row.scores.get(column)
    if score is None:
        return MISSING
    spread = "" if score.spread is None else f" ± {short(column, score.spread)}"
    text = f"{short(column, score.mean)}{spread}{bounds(column, score.interval)}"
    contrast = row.contrasts.get(column)
    word = contrast.verdict if contrast and contrast.verdict in _SAID else ""
    return f"{text} {word}".strip()


_SAID = ("better", "worse", "higher", "lower")


def _differences(row: StudyRow, columns: Sequence[Column]) -> str:
    return line([escaped(row.name), *(_difference(row, column) for column in columns)])


def _difference(row: StudyRow, column: Column) -> str:
    one = row.contrasts.get(column)
    if one is None:
        return MISSING
    text = f"{change(column, one.value)}{bounds(column, one.interval)}"
    notes = ", ".join(filter(None, (one.verdict, p_text(one.p), effect_text(one.effect))))
    return f"{f'**{text}**' if one.verdict in _SAID else text} {notes}"
