"""Say where the numbers of a report are from: commit, experiments, trainings, minutes, memory, machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.core.machine import read_record
from hbir.core.training_record import TrainingRecord
from hbir.studies.ask import Asked
from hbir.studies.collect import Complete, Results
from hbir.studies.settings import literal, settings

CHOSEN = ("learning_rate", "temperature", "batch_size", "steps", "trainable_parameters", "parameters")
"""Keys of a training's params that are kept."""
UNKNOWN = "another machine, or unknown: `.hbir/records` has no word of it"


@dataclass(frozen=True, kw_only=True)
class About:
    """Hold it, as plain values alone."""

    question: str
    arguments: str
    """What follows `hbir study run`."""
    commit: str
    """That the experiments started from."""
    experiments: list[str]
    seeds: list[int]
    left_out: list[str]
    """Names of experiments that are not there."""
    changed: list[str]
    """What differs from the params of the commit, as `dvc exp run -S` takes it."""
    varied: list[str]
    axis: str | None
    """What curves are drawn against."""
    trainings: list[dict[str, Any]]
    """Of each seed and row: what decided it, when it was best, and what it took where this machine knows."""
    machine: str
    """That trained."""


def about(asked: Asked, complete: Complete, results: Sequence[Results], axis: str | None) -> About:
    """Gather what is known.

    Args:
        asked: the study.
        complete: those of its experiments that are used.
        results: of every table.
        axis: what curves are drawn against.

    Returns:
        It.
    """
    root = asked.baseline.root
    trained = {(seed, training.fingerprint): (row, training) for seed, row, training in _trained(results)}
    records = {key: read_record(root, key[1]) for key in trained}
    return About(
        question=asked.study.question,
        arguments=asked.arguments,
        commit=asked.baseline.commit,
        experiments=[one.name for one in complete.found],
        seeds=list(complete.seeds),
        left_out=list(complete.left_out),
        changed=settings(asked.baseline.params, asked.shared),
        varied=[f"{name}: {literal(axis)}" for name, axis in asked.study.sweep.items()],
        axis=axis,
        trainings=[
            {"row": row, "seed": key[0], **_chosen(training), **_spent(records[key])}
            for key, (row, training) in trained.items()
        ],
        machine=next((_machine(record) for record in records.values() if record), UNKNOWN),
    )


def _trained(results: Sequence[Results]) -> Iterator[tuple[int, str, TrainingRecord]]:
    for table in results:
        for seed, rows in table.items():
            for result in rows:
                if result.training:
                    yield seed, result.sampler, result.training


def _chosen(training: TrainingRecord) -> dict[str, Any]:
    params = {name: training.params[name] for name in CHOSEN if name in training.params}
    return {**params, "best_step": training.best.step, "validation_loss": training.best.loss}


def _spent(record: Mapping[str, Any] | None) -> dict[str, Any]:
    if record is None:
        return {}
    memory = {"memory_mb": round(record["peak_memory_mb"])} if record.get("peak_memory_mb") else {}
    return {"minutes": round(record["seconds"] / 60, 1), **memory}


def _machine(record: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in record.get("packages", {}).items())
    places = [str(record[name]) for name in ("cpu", "device", "platform") if record.get(name)]
    return f"{', '.join(places)}, {record.get('threads')} thread(s), Python {record.get('python')}; {packages}"
