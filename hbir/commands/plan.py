"""Look into the plans of the project, and hand them to other trainers."""

import logging
from collections.abc import Sequence
from pathlib import Path

import click

from hbir.batching.find import occurrences
from hbir.batching.opened import open_plan, open_plans
from hbir.batching.pair_search import FoundPair, find_pairs
from hbir.batching.plan import Plan
from hbir.batching.seen import Models, models_of
from hbir.batching.summary import repeats_pairs
from hbir.cli import require_project
from hbir.core.errors import ParamsError, PlanError
from hbir.core.files import require_writable
from hbir.core.machine import main_root
from hbir.core.paths import MODELS, PAIRS
from hbir.reporting.csv_lines import csv_lines
from hbir.reporting.found_pairs import InPlan, found_csv, found_text
from hbir.training.export import export_plan, planned_examples
from hbir.training.texts import PairTexts, open_texts

log = logging.getLogger(__name__)
_COLUMNS = {
    "step": "step",
    "pair_id": "pair_id",
    "query_lang": "query_lang",
    "passage_lang": "passage_lang",
    "anchor": "query",
    "positive": "passage",
}
"""Of an exported plan, and their names here."""

_SIBLINGS = (
    "a batch has rows of one pair_id, a query and its passages in several languages: the losses of "
    "sentence-transformers take them for negatives of one another, so train with one that leaves them out"
)


@click.group()
def plan() -> None:
    """Look into the plans of data/batches, and hand them to other trainers."""


@plan.command(context_settings={"ignore_unknown_options": True})
@click.argument("pair")
@click.option(
    "--format",
    "style",
    type=click.Choice(["terminal", "csv"]),
    default="terminal",
    help="CSV has a line for each time a plan names the pair, and the first model that saw it.",
)
def find(pair: str, style: str) -> None:
    """Say which plans name PAIR, an id or a piece of its text, in which steps and languages, and who saw it."""
    require_project()
    plans = open_plans()
    pairs = find_pairs(PAIRS, pair)
    places = [_in_plan(chosen, pairs) for chosen in plans]
    click.echo(found_csv(places) if style == "csv" else found_text(pairs, places, pair), nl=False)


@plan.command()
@click.argument("sampler")
@click.option("--step", type=click.IntRange(min=0), help="One step alone, from 0.")
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help="Also the steps after the best checkpoint, and where nothing is trained yet.",
)
def pairs(sampler: str, step: int | None, whole: bool) -> None:
    """Print as CSV the pairs that models/SAMPLER saw, in the order of its training."""
    require_project()
    chosen = open_plan(sampler)
    end = chosen.steps if whole else _steps_seen(chosen)
    if step is not None and step >= end:
        raise ParamsError(
            where="hbir plan pairs --step",
            expected=f"a step from 0 to {end - 1:,}",
            found=f"{step:,}",
            hint="Name one of these." if whole else "Add --all for the steps after the best checkpoint.",
        )
    start, stop = (0, end) if step is None else (step, step + 1)
    click.echo(csv_lines([list(_COLUMNS.values())]), nl=False)
    for part in planned_examples(chosen, _texts(), start, stop):
        rows = zip(*(part[column].to_pylist() for column in _COLUMNS), strict=True)
        click.echo(csv_lines(rows), nl=False)


@plan.command()
@click.argument("sampler")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
def export(sampler: str, output: Path) -> None:
    """Write the plan of SAMPLER with its texts as OUTPUT, a Parquet file for sentence-transformers' trainer."""
    require_project()
    require_writable(output)
    chosen = open_plan(sampler)
    export_plan(output, chosen, _texts())
    click.echo(f"{output}: {chosen.steps:,} batches of {chosen.batch_size:,} pairs, in their order")
    if repeats_pairs(chosen):
        log.warning(_SIBLINGS)


def _texts() -> PairTexts:
    texts = open_texts(PAIRS, main_root() / ".hbir")
    texts.expect_lookups()
    return texts


def _in_plan(chosen: Plan, pairs: Sequence[FoundPair]) -> InPlan:
    note = "no model is trained on it yet"
    models: Models | None = None
    try:
        models = models_of(chosen, MODELS / chosen.sampler)
    except PlanError as error:
        note = f"{error.where} is {error.found}"
    found = list(occurrences(chosen, [pair.pair_id for pair in pairs]))
    return InPlan(sampler=chosen.sampler, steps=chosen.steps, models=models, note=note, found=found)


def _steps_seen(chosen: Plan) -> int:
    folder = MODELS / chosen.sampler
    models = models_of(chosen, folder)
    if models is None:
        raise PlanError(
            where=folder.as_posix(),
            expected="a trained model",
            found="none",
            hint=f"Train it (`dvc repro`), or add --all to see what is planned for {chosen.sampler}.",
        )
    return models.best
