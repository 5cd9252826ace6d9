"""Show what bfloat16 does to a training: its losses and final scores in both precisions, beside the seeds."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import click
import numpy as np
import torch

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import MONOLINGUAL, MULTILINGUAL, RetrievalTask
from hbir.core.params import read_params
from hbir.core.precision import FP32
from hbir.encoding.model import prepare_torch
from hbir.training.params import train_params
from hbir.training.prepare import prepare
from hbir.training.step import Stepper
from perf import training_data
from perf.machine import ROOT, origin
from perf.precision import chosen, part, queries_of

_LEARNING_RATE = 5e-5
_QUARTERS = 4
Trainable = Literal["fp32", "bf16"]
_PRECISIONS: tuple[Trainable, Trainable] = ("fp32", "bf16")


@dataclass(frozen=True)
class Trained:
    """Hold the outcome of one training."""

    losses: np.ndarray
    """(steps,)."""
    scores: dict[str, float]
    """Setting → mAP × 100."""


def trained(precision: Trainable, seed: int, steps: int, batch: int, task: RetrievalTask) -> Trained:
    """Train the real encoder on documents, and score it in float32.

    Args:
        precision: of the training.
        seed: of the batches and of dropout.
        steps: how many.
        batch: pairs in a step.
        task: what it is scored on.

    Returns:
        The losses and the scores.
    """
    model, texts = training_data.encoder("real"), training_data.texts("real")
    shared = train_params(read_params(ROOT / "params.yaml"), "hybrid")
    params = replace(shared, learning_rate=_LEARNING_RATE, precision=precision)
    order = np.random.default_rng(seed).permutation(len(texts))
    with tempfile.TemporaryDirectory() as folder:
        forward, tables = prepare(model, texts, params, tokens=Path(folder) / "tokens", tables=Path(folder))
        stepper = Stepper(forward, params, tables, steps)
        torch.manual_seed(seed)
        losses = []
        for step in range(steps):
            rows = np.take(order, np.arange(step * batch, (step + 1) * batch), mode="wrap")
            losses.append(float(stepper.step(step + 1, {"query": rows, "document": rows}, rows).loss))
            click.echo(f"{precision}, seed {seed}: step {step + 1} of {steps}, loss {losses[-1]:.3f}", err=True)
        with tables.expanded():
            found = queries_of(model.eval(), task, FP32)
    settings = (MONOLINGUAL, MULTILINGUAL)
    scores = {name: 100 * float(np.mean(chosen(found, name, "")["map"].to_numpy())) for name in settings}
    return Trained(np.array(losses), scores)


def rows_of(exact: Sequence[Trained], lower: Sequence[Trained]) -> list[tuple[str, float, float, float]]:
    """Compare trainings seed by seed.

    Args:
        exact: in float32, by seed.
        lower: in bfloat16, by seed.

    Returns:
        For the loss of each quarter and for each score: its name, the mean in float32, the mean difference that
        bfloat16 makes, and the standard deviation of float32 over the seeds.
    """
    measured = [[_measures(each) for each in side] for side in (exact, lower)]
    rows = []
    for name in measured[0][0]:
        one, other = (np.array([each[name] for each in side]) for side in measured)
        rows.append((name, float(one.mean()), float((other - one).mean()), float(one.std(ddof=1))))
    return rows


def _measures(training: Trained) -> dict[str, float]:
    quarters = np.array_split(training.losses, _QUARTERS)
    losses = {f"loss, quarter {i + 1} of the steps": float(each.mean()) for i, each in enumerate(quarters)}
    return losses | {f"{setting} mAP × 100": score for setting, score in training.scores.items()}


@click.command()
@click.option("--steps", default=40, show_default=True)
@click.option("--batch", default=32, show_default=True, help="Pairs in a step.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(min=2))
@click.option("--clusters", default=40, show_default=True, help="Queries of XQuAD-R, each in all languages.")
def main(steps: int, batch: int, seeds: int, clusters: int) -> None:
    """Print a table of markdown; HBIR_DATA names the folder with xquad-r/, HBIR_ENCODER an encoder."""
    prepare_torch(None)
    task = part(cast(RetrievalTask, load("xquad-r", None)[0]), clusters, clusters)
    exact, lower = (
        [trained(precision, seed, steps, batch, task) for seed in range(1, seeds + 1)]
        for precision in _PRECISIONS
    )
    click.echo(f"{origin().machine}; {steps} steps of {batch}, {seeds} seeds {training_data.note()}".rstrip())
    click.echo("\n| what | fp32, mean | bf16 less fp32 | spread of the seeds in fp32 |\n|---|---|---|---|")
    for name, mean, gap, spread in rows_of(exact, lower):
        click.echo(f"| {name} | {mean:.3f} | {gap:+.3f} | {spread:.3f} |")


if __name__ == "__main__":
    main()
