"""Score any encoder on a benchmark, inside a project or not."""

from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from ruamel.yaml import YAML, YAMLError

from hbir.core.errors import ParamsError
from hbir.core.files import write_json
from hbir.evaluation.report import Evaluation
from hbir.reporting.columns import SETTING_NAMES, named_column


@click.command()
@click.argument("name")
@click.option("--model", required=True, help="Folder, preset or Hub id of an encoder.")
@click.option("--data", help="Folder with the benchmark's official files.")
@click.option("--lang", "langs", multiple=True, help="Language to score, again for more; all by default.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Another key of the benchmark.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for the scores.")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Texts embedded at once.",
)
@click.option("--embeddings", help="Folder that keeps the embeddings of a streamed corpus.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all by default.")
@click.option("--query-prompt", help="What goes before a question, in place of the model's own.")
@click.option("--document-prompt", help="What goes before a passage, in place of the model's own.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that comes with the model.")
def benchmark(
    name: str,
    model: str,
    data: str | None,
    langs: tuple[str, ...],
    options: tuple[str, ...],
    out: Path | None,
    batch_size: int,
    embeddings: str | None,
    threads: int | None,
    query_prompt: str | None,
    document_prompt: str | None,
    trust_remote_code: bool,
) -> None:
    """Score MODEL on the benchmark NAME: cldr, xquad-r, miracl, beir/scifact, mteb/…; see docs/data.md."""
    from hbir.benchmarks.registry import checked
    from hbir.encoding.fingerprint import encoder_fingerprint
    from hbir.encoding.model import Side, open_encoder, prepare_torch
    from hbir.encoding.sources import find_source
    from hbir.evaluation.params import EvaluateParams
    from hbir.evaluation.scoring import Benchmark

    entry = {"name": name, "data": data, "languages": _languages(langs), **_options(options)}
    entry = {key: value for key, value in entry.items() if value is not None}
    checked([entry], "hbir benchmark")
    find_source(model, None, f"model {model}", trust_remote_code)
    params = EvaluateParams(benchmarks=[entry], query_chunk=1024, batch_size=batch_size, embeddings=embeddings)
    loaded = Benchmark(entry, None, params)  # before the model, which takes longer
    prepare_torch(threads)
    prompts: dict[Side, str | None] = {"query": query_prompt, "document": document_prompt}
    encoder = open_encoder(model, trust_remote_code=trust_remote_code, prompts=prompts)
    evaluation = loaded.score(encoder)
    if out:
        write_json(out, _record(model, encoder_fingerprint(encoder), evaluation))
    show(model, evaluation, Console())


def show(model: str, evaluation: Evaluation, console: Console) -> None:
    """Print the scores of one encoder.

    Args:
        model: what to call it.
        evaluation: its scores.
        console: where to.
    """
    task = evaluation.task
    facts = [f"{task[key]:,} {key}" for key in ("queries", "passages") if key in task]
    title = " · ".join([f"[bold]{task['name']}[/bold]  {task['version']}", *facts])
    console.print(f"{title}\n{escape(model)} · {', '.join(task['languages'])}", highlight=False)
    console.print(_measures(task, evaluation.settings))
    for group, settings in evaluation.groups.items():
        console.print(f"[bold]{group}[/bold]", _measures(task, settings))
    if len(set(evaluation.cells["query_lang"].to_pylist())) > 1:
        console.print(_languages_table(task, evaluation))


def _measures(task: dict[str, Any], settings: dict[str, dict[str, float]]) -> Table:
    found = dict.fromkeys(measure for scores in settings.values() for measure in scores)
    table = _table("", settings)
    for measure in dict.fromkeys([*task["measures"], *found]):
        column = named_column(task, "", measure)
        values = [column.text(scores.get(measure)) for scores in settings.values()]
        table.add_row(column.name, *values, style="bold" if measure in task["measures"] else "")
    return table


def _languages_table(task: dict[str, Any], evaluation: Evaluation) -> Table:
    """Show the main measure by the language of the query, as a mean over pools."""
    column = named_column(task, "", task["measures"][0])
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


def _record(model: str, fingerprint: str, evaluation: Evaluation) -> dict[str, Any]:
    keys = ("task", "settings", "groups", "counts")
    cells = evaluation.cells.to_pylist()
    scores = {key: getattr(evaluation, key) for key in keys}
    return {"model": {"name": model, "fingerprint": fingerprint}, **scores, "cells": cells}


def _languages(langs: tuple[str, ...]) -> list[str] | None:
    return [lang.strip() for given in langs for lang in given.split(",")] or None


def _options(options: tuple[str, ...]) -> dict[str, Any]:
    return dict(_option(option) for option in options)


def _option(option: str) -> tuple[str, Any]:
    key, sign, value = option.partition("=")
    try:
        if sign:
            return key, YAML(typ="safe", pure=True).load(value)
    except YAMLError:
        sign = ""
    raise ParamsError(
        where="--option", expected="KEY=VALUE", found=option, hint="Write it as in `--option pooled=true`."
    )
