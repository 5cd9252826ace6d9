"""Stage score: score one sampler's model on the benchmarks."""

import shutil
from functools import partial

import click

from hbir.benchmarks.registry import check_entries
from hbir.core import paths, project
from hbir.core.files import atomic_folder, write_json
from hbir.core.params import read_params, section
from hbir.core.training_record import FINAL_MODEL, TRAINING
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.results import FINAL_SCORES
from hbir.evaluation.save import save
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import Settings, Summary, headline


@click.command()
@click.argument("sampler")
def score(sampler: str) -> None:
    """Write scores/SAMPLER and metrics/SAMPLER.json from models/SAMPLER."""
    params = read_params()
    chosen = section(params, "evaluate", EvaluateParams)
    top = project.read_project(params)
    prepare_torch(top.threads)
    entries = check_entries(chosen.benchmarks, "params.yaml: evaluate.benchmarks")
    model = paths.MODELS / sampler
    load = partial(load_encoder, trust_remote_code=section(params, "encoder", EncoderParams).trust_remote_code)
    best = load(model)
    last = load(model / FINAL_MODEL) if (model / FINAL_MODEL).is_dir() else None
    summaries: dict[str, Summary] = {}
    final: dict[str, Settings] = {}
    with atomic_folder(paths.SCORES / sampler) as folder:
        for entry in entries:
            benchmark = Benchmark(entry, top.languages, chosen)
            evaluation = benchmark.score(best)
            save(evaluation, folder / benchmark.name)
            summaries[benchmark.name] = evaluation
            final[benchmark.name] = benchmark.score(last).settings if last else evaluation.settings
        write_json(folder / FINAL_SCORES, final)
        shutil.copyfile(model / TRAINING, folder / TRAINING)
    write_json(paths.METRICS / f"{sampler}.json", headline(summaries))
    click.echo(f"score {sampler}: {', '.join(summaries)} in {len(top.languages)} languages")
