"""Score any encoder on a benchmark, inside a project or not."""

from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML, YAMLError

from hbir.core.errors import ParamsError
from hbir.core.files import write_json
from hbir.evaluation.report import Evaluation
from hbir.reporting.columns import SETTING_NAMES, named_column


@click.command()
@click.argument("name")
@click.option("--model", required=True, help="Folder or Hub id of an encoder.")
@click.option("--data", help="Folder with the benchmark's official files.")
@click.option("--lang", "langs", multiple=True, help="Language to score, again for more; all by default.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Another key of the benchmark.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for the scores.")
@click.option("--batch-size", default=64, show_default=True, help="Texts embedded at once.")
@click.option("--embeddings", help="Folder that keeps the embeddings of a streamed corpus.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all by default.")
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
) -> None:
    """Score MODEL on the benchmark NAME: cldr, xquad-r, miracl, beir/scifact, mteb/…; see docs/data.md."""
    from hbir.encoding.model import encoder_fingerprint, open_encoder, prepare_torch
    from hbir.evaluation.params import EvaluateParams
    from hbir.evaluation.scoring import Benchmark

    entry = {"name": name, "data": data, "languages": _languages(langs), **_options(options)}
    entry = {key: value for key, value in entry.items() if value is not None}
    params = EvaluateParams(benchmarks=[entry], query_chunk=256, batch_size=batch_size, embeddings=embeddings)
    loaded = Benchmark(entry, None, params)  # before the model, which takes longer
    prepare_torch(threads)
    encoder = open_encoder(model)
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
    console.print(f"{title}\n{model} · {', '.join(task['languages'])}", highlight=False)
    for heading, settings in {"": evaluation.settings, **evaluation.groups}.items():
        console.print(_table(task, heading, settings))


def _table(task: dict[str, Any], heading: str, settings: dict[str, dict[str, float]]) -> Table:
    measures = list(dict.fromkeys(measure for scores in settings.values() for measure in scores))
    own = [measure for measure in task["measures"] if measure in measures]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=heading or None, title_justify="left")
    table.add_column("setting")
    columns = [named_column(task, "", measure) for measure in dict.fromkeys([*own, *measures])]
    for column in columns:
        table.add_column(column.name, justify="right", style="bold" if column.measure in own else "")
    for setting, scores in settings.items():
        values = [column.text(scores.get(column.measure)) for column in columns]
        table.add_row(SETTING_NAMES.get(setting, setting), *values)
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
