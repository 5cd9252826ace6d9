"""Show the comparison on a terminal: one table where there are 80 columns, else several below each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from hbir.evaluation.results import SamplerResults
from hbir.reporting import verdicts
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.rivals import rivals
from hbir.reporting.scores import BenchmarkScores, Cell, Row, ScoreTable, benchmark_scores
from hbir.reporting.verdicts import Found, VerdictRow, bias_rows, untested, verdict_rows

LEGEND = "* best of the column   ▸ headline"
DISTANCE = "   distance: rank distance, lower is better"
SHORT = {"rank distance ↓": "distance ↓"}
"""Names that would make the table too wide."""


def show_comparison(
    results: Sequence[SamplerResults], headline: str, console: Console, found: Found = None
) -> None:
    """Print the comparison.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.
        console: where to.
        found: the headline's differences to the others, where they were looked for.
    """
    console.print(comparison(results, headline, found))


def comparison(results: Sequence[SamplerResults], headline: str, found: Found = None) -> RenderableType:
    """Lay out the scores of every benchmark.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.
        found: the headline's differences to the others, where they were looked for.

    Returns:
        What a rich console prints, as wide as it is and at most 80 columns.
    """
    benchmarks = benchmark_scores(results)
    parts = [part for scores in benchmarks for part in (Text(), *_parts(scores, headline, found))][1:]
    has_distance = any(column.lower_is_better for scores in benchmarks for column in scores.main.columns)
    lines = [LEGEND + (DISTANCE if has_distance else ""), *([verdicts.LEGEND] if found else [])]
    parts += [Text.assemble((f" {name}: ", "bold"), f"{text}.") for name, text in rivals(results).items()]
    return Group(*parts, Text("\n".join([*lines, ""]), style="dim"))


def _parts(scores: BenchmarkScores, headline: str, found: Found) -> Iterator[RenderableType]:
    yield Text.assemble((scores.name, "bold"), f"  {scores.description}", overflow="fold")
    yield _Tables({"": scores.main}, headline, verdict_rows(scores, found))
    for sentence in untested(scores, found):
        yield Text(sentence)
    if scores.bias.columns:
        yield Text("Language bias")
        yield _Tables({"": scores.bias}, headline, bias_rows(scores.name, scores.bias.columns, found))
    if scores.groups:
        yield Text("By group of queries")
        yield _Tables(dict(scores.groups), headline)
    if scores.final:
        yield Text("Best and final checkpoint with their steps, where they differ")
        yield _Tables({"": scores.final}, headline)


@dataclass(frozen=True)
class _Tables:
    """Draw tables below each other; columns that find no room beside the samplers' names follow below."""

    tables: Mapping[str, ScoreTable]
    headline: str
    verdicts: Sequence[VerdictRow] = ()
    """Of the only table."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [dict(zip(t.columns, row.cells, strict=True)) for t in self.tables.values() for row in t.rows]
        columns = dict.fromkeys(column for table in self.tables.values() for column in table.columns)
        widths = {column: _width(column, lines) for column in columns}
        labels = [_label(row, "", noted=not title) for title, t in self.tables.items() for row in t.rows]
        labels += [Text(_beside(row)) for row in self.verdicts]
        first = max(len(label) for label in (*labels, *(Text(f" {title}") for title in self.tables), _HEAD)) + 1
        for shown in _parts_that_fit(widths, options.max_width - first):
            yield from self._part(shown, first, "-" if options.ascii_only else "─")
            yield from self._verdicts(shown, first, list(columns))

    def _verdicts(self, widths: Mapping[Column, int], first: int, columns: Sequence[Column]) -> Iterator[Text]:
        for verdict in self.verdicts:
            words = dict(zip(columns, verdict.words, strict=True))
            said = "".join(f"{words[column]:>{width - 1}} " for column, width in widths.items())
            yield Text(f"{_beside(verdict):<{first}}{said}")

    def _part(self, widths: Mapping[Column, int], first: int, rule: str) -> Iterator[Text]:
        groups = [list(members) for _, members in groupby(widths, key=lambda column: column.setting_name)]
        over = [f"{group[0].setting_name:^{sum(widths[c] for c in group)}}" for group in groups]
        names = [f"{_name(column):>{width - 1}} " for column, width in widths.items()]
        yield Text(" " * first + "".join(over))
        yield Text(f"{_HEAD.plain:<{first}}" + "".join(names))
        yield Text(rule * (first + sum(widths.values())))
        for number, (title, table) in enumerate(self.tables.items()):
            if title:
                yield Text(("\n" if number else "") + f" {title}", style="italic")
            for row in table.rows:
                cells = dict(zip(table.columns, row.cells, strict=True))
                label = _label(row, self.headline, noted=not title)
                label.pad_right(first - len(label))
                yield label.append_text(Text().join(_text(cells.get(c), w) for c, w in widths.items()))


_HEAD = Text(" sampler")


def _parts_that_fit(widths: Mapping[Column, int], room: int) -> Iterator[dict[Column, int]]:
    """Divide columns into parts of at most so many characters, those of a setting together if they fit."""
    part: dict[Column, int] = {}
    for _, members in groupby(widths, key=lambda column: column.setting_name):
        group = {column: widths[column] for column in members}
        units = [group] if sum(group.values()) <= room else [{column: width} for column, width in group.items()]
        for unit in map(_with_room_for_its_setting, units):
            if part and sum(part.values()) + sum(unit.values()) > room:
                yield part
                part = {}
            part |= unit
    yield part


def _with_room_for_its_setting(unit: Mapping[Column, int]) -> dict[Column, int]:
    first = next(iter(unit))
    lacking = len(first.setting_name) + 1 - sum(unit.values())
    return {**unit, first: unit[first] + max(0, lacking)}


def _name(column: Column) -> str:
    return SHORT.get(column.name, column.name)


def _width(column: Column, lines: Sequence[Mapping[Column, Cell]]) -> int:
    """Return a column's width: a space before, and a place for the mark of the best behind."""
    texts = (_name(column), *(line[column].text for line in lines if column in line))
    return 2 + max(map(len, texts))


def _label(row: Row, headline: str, noted: bool) -> Text:
    mark, style = (" ▸ ", "bold") if row.sampler == headline else ("   ", "")
    return Text.assemble((mark + row.sampler, style), f" {row.note}" if row.note and noted else "")


def _beside(row: VerdictRow) -> str:
    return f" ▸ vs {row.other}"


def _text(cell: Cell | None, width: int) -> Text:
    if cell is None:
        return Text(f"{MISSING:>{width - 1}} ")
    mark, style = ("*", "bold") if cell.best else (" ", "")
    padded = f"{cell.text:>{width - 1}}"
    return Text.assemble(padded[: -len(cell.text)], (f"{cell.text}{mark}", style))
