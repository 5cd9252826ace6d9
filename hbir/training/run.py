"""Train one sampler: from its plan to a folder that sentence-transformers loads."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from hbir.batching.plan import Plan, check_plan, read_plan
from hbir.batching.summary import language_composition
from hbir.core.errors import DataError
from hbir.core.files import atomic_folder, require_writable
from hbir.core.hashing import file_digest
from hbir.core.machine import environment, main_root, write_record
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.tables import StoredTable
from hbir.core.training_record import FINAL_MODEL, TRAINING, Curve, TrainingRecord, write_training
from hbir.encoding.joined import device_of, joined
from hbir.encoding.model import prepare_torch, save_encoder
from hbir.encoding.origin import read_origin
from hbir.encoding.ranks import SAME_HOSTS, Ranks
from hbir.training.card import model_card
from hbir.training.checkpoint import Checkpoints
from hbir.training.checks import require_installed
from hbir.training.extent import SAMPLE, tokens_per_step
from hbir.training.fingerprint import decisive_parts, fingerprint, run_params, tokens_name
from hbir.training.forward import Forward
from hbir.training.history import History
from hbir.training.loop import Loop
from hbir.training.lora import merged
from hbir.training.observer import Observer, watched
from hbir.training.params import TrainParams
from hbir.training.precision import uses_bf16
from hbir.training.prepare import prepare
from hbir.training.processes import locked, logged, seed_dropout
from hbir.training.table import CompactTables
from hbir.training.texts import PairTexts, open_texts
from hbir.training.trainable import load_trainable, sizes
from hbir.training.validation import Validation, make_validation

log = logging.getLogger(__name__)


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
    home: Path | None = None
    """Folder of log, checkpoints and tokens; None for `.hbir` of the main repository, with speeds."""

    @property
    def kept(self) -> Path:
        """Return the folder of what outlives a killed run."""
        return self.home or main_root() / ".hbir"


def train(job: Job, observer: Observer) -> TrainingRecord:
    """Train one sampler and save its model; a killed run goes on from its last checkpoint.

    Args:
        job: what to read and write.
        observer: who watches.

    Returns:
        What training.json says.

    Raises:
        HbirError: when a file is missing or does not fit, the machine lacks what is asked for, a step cannot be
            computed, or the model cannot be saved.
    """
    with joined(f"train {job.sampler}") as ranks, logged(job.kept / "logs" / f"train-{job.sampler}.log", ranks):
        prepare_torch(ranks.place.share_of(job.threads))
        plan, texts, validation = _checked_inputs(job, ranks)
        model = load_trainable(job.initial, job.params, job.seed, device_of(ranks), job.trust_remote_code)
        name = _fingerprint(job, model, ranks)
        checkpoints = Checkpoints(job.kept / "checkpoints" / f"{job.sampler}-{name[:16]}")
        with locked(checkpoints, ranks):
            params = _all_params(job, plan, model)
            _say_begin(job, plan, model, ranks)
            forward, tables = _prepared(job, model, texts, checkpoints, ranks)
            if ranks.is_first:
                _say_tokens(job, plan, tokens_per_step(plan, texts, forward.inputs))
            with watched(observer if ranks.is_first else Observer(), name, job.sampler, params):
                seed_dropout(job.seed, ranks)
                history = Loop(
                    sampler=job.sampler,
                    model=model,
                    forward=forward,
                    tables=tables,
                    plan=plan,
                    texts=texts,
                    validation=validation,
                    params=job.params,
                    log_every=job.log_every,
                    checkpoint_every=job.checkpoint_every,
                    checkpoints=checkpoints,
                    observer=observer if ranks.is_first else Observer(),
                    ranks=ranks,
                ).run()
                record = _record(job, plan, params, name, history)
                if ranks.is_first:
                    _finish(job, model, tables, checkpoints, record, history, ranks)
    return record


def _finish(
    job: Job,
    model: SentenceTransformer,
    tables: CompactTables,
    checkpoints: Checkpoints,
    record: TrainingRecord,
    history: History,
    ranks: Ranks,
) -> None:
    with tables.expanded():
        _save(job, model, checkpoints, record)
    if job.home is None:
        _keep_speed(record.fingerprint, history, model, job.threads, ranks)
    checkpoints.remove()


def _checked_inputs(job: Job, ranks: Ranks) -> tuple[Plan, PairTexts, Validation]:
    """Read what is trained on; everything that can be found wrong before the first step is found here."""
    require_installed(job.params)
    if ranks.is_first:
        require_writable(job.output)
    plan = read_plan(job.plan)
    check_plan(plan, file_digest(job.pairs))
    texts, pairs = open_texts(job.pairs, job.kept), StoredTable(job.pairs, PAIRS_SCHEMA)
    return plan, texts, make_validation(pairs, texts, job.params.validation, plan.batch_size, job.seed)


def _prepared(
    job: Job, model: SentenceTransformer, texts: PairTexts, checkpoints: Checkpoints, ranks: Ranks
) -> tuple[Forward, CompactTables]:
    tokens = job.kept / "tokens" / tokens_name(job.pairs, job.initial)
    tables = checkpoints.folder if ranks.is_first else None
    return prepare(model, texts, job.params, tokens=tokens, tables=tables)


def _fingerprint(job: Job, model: SentenceTransformer, ranks: Ranks) -> str:
    parts = decisive_parts(
        params=run_params(job.params, job.threads),
        seed=job.seed,
        plan=job.plan,
        pairs=job.pairs,
        initial=job.initial,
        device=str(model.device),
        bf16=uses_bf16(job.params, model),
    )
    ranks.require_same(
        {**parts, "tracking.checkpoint_every": job.checkpoint_every},
        f"train {job.sampler}",
        SAME_HOSTS,
    )
    return fingerprint(parts)


def _say_begin(job: Job, plan: Plan, model: SentenceTransformer, ranks: Ranks) -> None:
    precision = "bf16" if uses_bf16(job.params, model) else "fp32"
    counted = sizes(model)
    trained, every = counted["trainable_parameters"], counted["parameters"]
    weights = f"{every:,} weights" if trained == every else f"{trained:,} of {every:,} weights"
    work = f"{plan.steps:,} steps of {plan.batch_size:,} pairs"
    where = f"{model.device}" if ranks.size == 1 else f"{ranks.size} × {model.device.type}"
    log.info("train %s: %s, %s, on %s in %s", job.sampler, work, weights, where, precision)


def _say_tokens(job: Job, plan: Plan, mean: float) -> None:
    every = round(mean * plan.steps, -3) if plan.steps > SAMPLE else mean * plan.steps
    about = "about " if plan.steps > SAMPLE else ""
    log.info("train %s: %s%s tokens in all, %s a step", job.sampler, about, f"{every:,.0f}", f"{mean:,.0f}")


def _all_params(job: Job, plan: Plan, model: SentenceTransformer) -> dict[str, Any]:
    planned = {"batch_size": plan.batch_size, "steps": plan.steps, "alpha": plan.alpha}
    return {**run_params(job.params, job.threads), **sizes(model), "seed": job.seed, **planned}


def _record(job: Job, plan: Plan, params: dict[str, Any], name: str, history: History) -> TrainingRecord:
    return TrainingRecord(
        sampler=job.sampler,
        fingerprint=name,
        params=params,
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
            (folder / FINAL_MODEL).mkdir()
            save_encoder(merged(model), folder / FINAL_MODEL)
        write_training(folder / TRAINING, record)
        (folder / "README.md").write_text(
            model_card(record, model.prompts, read_origin(job.initial)), encoding="utf-8"
        )


def _keep_speed(name: str, history: History, model: SentenceTransformer, threads: int, ranks: Ranks) -> None:
    speed = {"seconds": round(history.seconds, 1), "pairs_per_second": history.speed}
    try:
        write_record(main_root(), name, {**speed, **environment(str(model.device), threads, ranks.size)})
    except DataError as error:  # a trained model is worth more than its speed
        log.warning("%s", error)
