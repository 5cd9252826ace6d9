"""Stage evaluate: compare the samplers, write the reports, bring MLflow up to date."""

from pathlib import Path

import click
from rich.console import Console

from hbir.core import paths, project
from hbir.core.files import write_json
from hbir.core.machine import main_root, read_record
from hbir.core.params import read_params, section
from hbir.core.rows import compared_rows
from hbir.evaluation.comparable import refuse_unlike
from hbir.evaluation.results import read_results
from hbir.evaluation.summary import headline
from hbir.reporting.described import description
from hbir.reporting.git import code_commit
from hbir.reporting.reproduce import origin
from hbir.reporting.terminal import show_comparison
from hbir.reporting.verdicts import compared
from hbir.reporting.write import PAGE, remove_old_scores, write_reports
from hbir.tracking.params import TrackingParams
from hbir.tracking.sync import synchronise_quietly


@click.command()
def evaluate() -> None:
    """Write reports/ and metrics/headline.json from scores/, and show the comparison."""
    params = read_params()
    top = project.read_project(params)
    tracking = section(params, "tracking", TrackingParams)
    rows = compared_rows(params)
    results = read_results(paths.SCORES, rows)
    refuse_unlike(results)
    if old := remove_old_scores(Path(), rows):
        click.echo(f"removed the scores of {', '.join(old)}, which params.yaml does not compare")
    facts = {**description(params), "code and params": code_commit(Path()) or "not in Git"}
    found = compared(results, top.sampler)
    records = {result.sampler: read_record(main_root(), result.record.fingerprint) for result in results}
    write_reports(results, top.sampler, paths.REPORTS, facts, found, origin(Path(), params, records))
    chosen = next(result for result in results if result.sampler == top.sampler)
    write_json(paths.HEADLINE, headline(chosen.summaries))
    show_comparison(results, top.sampler, Console(), found)
    synchronise_quietly(results, tracking, found)
    if (
        Path.cwd().resolve() == main_root().resolve()
    ):  # the folder of an experiment beside it is gone afterwards
        click.echo(f"report: {(paths.REPORTS / PAGE).resolve()}")
