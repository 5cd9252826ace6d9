"""Stage score: score one sampler's model, or a rival, on the benchmarks."""

import click

from hbir.benchmarks.registry import check_entries
from hbir.core import paths, project
from hbir.core.files import atomic_folder, write_json
from hbir.core.launch import start_all
from hbir.core.params import read_params, section, unknown
from hbir.core.rows import compared_rows, find_row
from hbir.encoding.joined import joined
from hbir.encoding.model import prepare_torch
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import LAUNCHER, EvaluateParams
from hbir.evaluation.results import FINAL_SCORES
from hbir.evaluation.save import save
from hbir.evaluation.scored import score_all
from hbir.evaluation.scorers import open_scorer
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import headline


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
    entries = check_entries(chosen.benchmarks, "params.yaml: evaluate.benchmarks")
    trusted = section(params, "encoder", EncoderParams).trust_remote_code
    if row.model is not None:  # else nothing is embedded
        start_all(chosen.launcher, ["score", sampler], LAUNCHER)
    with joined(f"score {sampler}") as ranks:
        prepare_torch(ranks.place.share_of(top.threads))
        scorer = open_scorer(row, chosen, top.seed, trusted, ranks)
        scored = score_all(scorer, (Benchmark(entry, top.languages, chosen, ranks) for entry in entries))
        if ranks.is_first:
            with atomic_folder(paths.SCORES / sampler) as folder:
                for name, evaluation in scored.best.items():
                    save(evaluation, folder / name)
                write_json(folder / FINAL_SCORES, scored.final)
                scorer.write_record(folder, scored.unscored)
            write_json(paths.METRICS / f"{sampler}.json", headline(scored.best))
            reached = ", ".join(scored.best) or "nothing"
            click.echo(f"score {sampler}: {reached} in {len(top.languages)} languages")
