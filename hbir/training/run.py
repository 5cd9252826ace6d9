"""Train one sampler: from its plan to a folder that sentence-transformers loads."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from hbir.batching.plan import Plan, check_plan, read_plan
from hbir.batching.summary import language_composition
from hbir.core.files import atomic_folder, read_table
from hbir.core.hashing import file_digest
from hbir.core.machine import environment, main_root, write_record
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.seeds import derive_seed
from hbir.core.training_record import TRAINING, Curve, TrainingRecord, write_training
from hbir.encoding.model import prepare_torch, save_encoder
from hbir.encoding.origin import read_origin
from hbir.training.attention import load_attending, require_attention
from hbir.training.card import model_card
from hbir.training.checkpoint import Checkpoints
from hbir.training.examples import PairTexts
from hbir.training.fingerprint import fingerprint, run_params
from hbir.training.history import History
from hbir.training.loop import Loop
from hbir.training.lora import merged, require_lora
from hbir.training.observer import Observer
from hbir.training.params import TrainParams
from hbir.training.trainable import prepare, sizes
from hbir.training.validation import make_validation

log = logging.getLogger(__name__)
FINAL = "final"
"""The folder of the last checkpoint within a model's, where another is the best."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Name everything that one training reads and writes."""

    sampler: str
    params: TrainParams
    threads: int
    """Of the CPU."""
    seed: int
    plan: Path
    pairs: Path
    initial: Path
    log_every: int
    """Steps between two points of the training curve."""
    checkpoint_every: int
    """Steps between two states from which a killed run resumes."""
    output: Path
    """The model's folder: the best checkpoint, training.json, a model card; `final/` where that is another."""
    trust_remote_code: bool = False
    """Whether to run code that comes with the encoder."""


def train(job: Job, observer: Observer) -> TrainingRecord:
    """Train one sampler and save its model; a killed run goes on from its last checkpoint.

    Args:
        job: what to read and write.
        observer: who watches.

    Returns:
        What training.json says.
    """
    prepare_torch(job.threads)
    require_attention(job.params)
    require_lora(job.params.lora)
    plan = read_plan(job.plan)
    check_plan(plan, file_digest(job.pairs))
    params = run_params(job.params, job.threads)
    name = fingerprint(params, job.seed, job.plan, job.pairs, job.initial)
    checkpoints = Checkpoints(main_root() / ".hbir" / "checkpoints" / f"{job.sampler}-{name[:16]}")
    with checkpoints.locked():
        model = _prepared(job)
        shown = _shown(job, plan, {**params, **sizes(model)})
        with _watched(observer, job.sampler, name, shown):
            torch.manual_seed(derive_seed(job.seed, "train", "dropout"))
            history = _loop(job, plan, model, checkpoints, observer).run()
            record = _record(job, plan, shown, name, history)
            _save(job, model, checkpoints, record)
            _write_speed(name, history, model, job.threads)
            checkpoints.remove()
    return record


def _prepared(job: Job) -> SentenceTransformer:
    model = load_attending(job.initial, job.params.attention, job.trust_remote_code)
    prepare(model, job.params, job.seed)
    counted = sizes(model)
    trained, every = counted["trainable_parameters"], counted["parameters"]
    if trained < every:
        log.info("train %s: trains %s of %s weights", job.sampler, f"{trained:,}", f"{every:,}")
    return model


def _loop(
    job: Job, plan: Plan, model: SentenceTransformer, checkpoints: Checkpoints, observer: Observer
) -> Loop:
    pairs = read_table(job.pairs, PAIRS_SCHEMA)
    return Loop(
        sampler=job.sampler,
        model=model,
        plan=plan,
        texts=PairTexts(pairs),
        validation=make_validation(pairs, job.params.validation, plan.batch_size, job.seed),
        params=job.params,
        log_every=job.log_every,
        checkpoint_every=job.checkpoint_every,
        checkpoints=checkpoints,
        observer=observer,
    )


@contextmanager
def _watched(observer: Observer, sampler: str, name: str, shown: dict[str, Any]) -> Iterator[None]:
    observer.start(name, sampler, shown)
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        observer.finish(status)


def _shown(job: Job, plan: Plan, params: dict[str, Any]) -> dict[str, Any]:
    planned = {"batch_size": plan.batch_size, "steps": plan.steps, "alpha": plan.alpha}
    return {**params, "seed": job.seed, **planned}


def _record(job: Job, plan: Plan, shown: dict[str, Any], name: str, history: History) -> TrainingRecord:
    return TrainingRecord(
        sampler=job.sampler,
        fingerprint=name,
        params=shown,
        best=history.best,
        final=history.validation[-1],
        curve=Curve(train=tuple(history.train), validation=tuple(history.validation)),
        composition=tuple(language_composition(plan)),
    )


def _save(job: Job, model: SentenceTransformer, checkpoints: Checkpoints, record: TrainingRecord) -> None:
    best, final = record.best.step, record.final.step
    with atomic_folder(job.output) as folder:
        shutil.copytree(checkpoints.best(best), folder, dirs_exist_ok=True)
        if final != best:
            (folder / FINAL).mkdir()
            save_encoder(merged(model), folder / FINAL)
        write_training(folder / TRAINING, record)
        (folder / "README.md").write_text(
            model_card(record, model.prompts, read_origin(job.initial)), encoding="utf-8"
        )


def _write_speed(name: str, history: History, model: SentenceTransformer, threads: int) -> None:
    speed = {"seconds": round(history.seconds, 1), "pairs_per_second": history.speed}
    write_record(main_root(), name, {**speed, **environment(str(model.device), threads)})
