"""Stage score: score one sampler's model on the benchmarks."""

import shutil
from typing import Any

import click

from hbir.benchmarks.registry import load
from hbir.core import project
from hbir.core.files import atomic_folder, write_json
from hbir.core.params import read_params, section
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.evaluation.headline import headline
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.results import FINAL, TRAINING
from hbir.evaluation.save import save
from hbir.evaluation.scoring import score_task


@click.command()
@click.argument("sampler")
def score(sampler: str) -> None:
    """Write scores/SAMPLER and metrics/SAMPLER.json from models/SAMPLER."""
    params = read_params()
    chosen = section(params, "evaluate", EvaluateParams)
    prepare_torch(project.threads(params))
    languages = project.read_project(params).languages
    model = project.MODELS / sampler
    best = load_encoder(model)
    last = load_encoder(model / "final") if (model / "final").is_dir() else None
    settings: dict[str, Any] = {}
    final: dict[str, Any] = {}
    with atomic_folder(project.SCORES / sampler) as folder:
        for name in chosen.benchmarks:
            task = load(name, languages)
            evaluation = score_task(best, task, chosen)
            save(evaluation, folder / name)
            settings[name] = evaluation.settings
            final[name] = score_task(last, task, chosen).settings if last else evaluation.settings
        write_json(folder / FINAL, final)
        shutil.copyfile(model / TRAINING, folder / TRAINING)
    write_json(project.METRICS / f"{sampler}.json", headline(settings))
    click.echo(f"score {sampler}: {', '.join(chosen.benchmarks)} in {len(languages)} languages")
