"""Stage score: score one sampler's model, or a rival, on the benchmarks."""

import logging

import click

from hbir.benchmarks.registry import check_entries
from hbir.core import paths, project
from hbir.core.files import atomic_folder, write_json
from hbir.core.params import read_params, section, unknown
from hbir.core.rows import compared_rows, find_row
from hbir.encoding.model import prepare_torch
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.results import FINAL_SCORES
from hbir.evaluation.save import save
from hbir.evaluation.scorers import open_scorer
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import Settings, Summary, headline

logger = logging.getLogger(__name__)


@click.command()
@click.argument("sampler")
def score(sampler: str) -> None:
    """Write scores/SAMPLER and metrics/SAMPLER.json, of a sampler's model or of another row of the tables."""
    params = read_params()
    chosen = section(params, "evaluate", EvaluateParams)
    top = project.read_project(params)
    row = find_row(sampler)
    if row is None:
        raise unknown("hbir score", sampler, compared_rows(params))
    prepare_torch(top.threads)
    entries = check_entries(chosen.benchmarks, "params.yaml: evaluate.benchmarks")
    trusted = section(params, "encoder", EncoderParams).trust_remote_code
    scorer = open_scorer(row, chosen, top.seed, trusted)
    summaries: dict[str, Summary] = {}
    final: dict[str, Settings] = {}
    unscored: list[str] = []
    with atomic_folder(paths.SCORES / sampler) as folder:
        for entry in entries:
            benchmark = Benchmark(entry, top.languages, chosen)
            if not scorer.scores(benchmark):
                logger.warning("%s is not scored on %s: its passages are not held", sampler, benchmark.name)
                unscored.append(benchmark.name)
                continue
            evaluation = scorer.best(benchmark)
            save(evaluation, folder / benchmark.name)
            summaries[benchmark.name] = evaluation
            last = scorer.final(benchmark) if scorer.final else evaluation
            final[benchmark.name] = last.settings
        write_json(folder / FINAL_SCORES, final)
        scorer.write_record(folder, unscored)
    write_json(paths.METRICS / f"{sampler}.json", headline(summaries))
    click.echo(f"score {sampler}: {', '.join(summaries) or 'nothing'} in {len(top.languages)} languages")
