"""Compare training steps with those of sentence-transformers' trainer: the same pairs, loss and optimizer."""

import tempfile
import threading
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformerTrainer
from transformers import TrainerCallback

from hbir.core.params import read_params
from hbir.encoding.model import prepare_torch
from hbir.encoding.precision import has_fast_bf16
from hbir.training.chunks import chunk_cost
from hbir.training.cpu import speed_up
from hbir.training.forward import Forward
from hbir.training.inputs import TokenInputs, make_inputs
from hbir.training.params import TrainParams, train_params
from hbir.training.precision import uses_bf16
from hbir.training.step import Stepper
from hbir.training.table import CompactTables, compact_tables
from perf import peer_trainer, training_data
from perf.child import peak_memory
from perf.compare import Comparison, Goal
from perf.machine import ROOT

TRAINER = "sentence-transformers' trainer"
BATCH, CACHED_BATCH, CACHED_TOKENS = 64, 1024, 4096
_MANY = 10_000
"""Steps of a training that is stopped before."""
STEPS = {"tiny": 8, "real": 1}
"""Steps of one measurement."""


class Ours:
    """Do our steps one after the other."""

    def __init__(self, kind: str, precision: str, batch: int = BATCH, caching: int | None = None) -> None:
        """Set a training up as `hbir train` does.

        Args:
            kind: of encoder and pairs.
            precision: as in `train.precision`.
            batch: pairs in a step.
            caching: as in `train.gradient_caching`.
        """
        prepare_torch(None)
        model, texts = training_data.encoder(kind), training_data.texts(kind)
        folder = Path(tempfile.mkdtemp())
        changes: dict[str, Any] = {"precision": precision, "gradient_caching": caching}
        params = replace(_params(), **changes)
        inputs = make_inputs(model, texts, folder / "tokens")
        tables = CompactTables()
        if isinstance(inputs, TokenInputs):
            tables = compact_tables(model, inputs, params.weight_decay, folder)
        bf16 = uses_bf16(params, model)
        speed_up(model)
        self._stepper = Stepper(
            Forward(model, inputs, chunk_cost(model, model.device, caching), bf16), params, tables, _MANY
        )
        self._pairs, self._batch, self._step = len(texts), batch, 0

    def run(self, steps: int) -> float:
        """Do some steps.

        Args:
            steps: how many.

        Returns:
            Pairs per second.
        """
        start = time.perf_counter()
        for _ in range(steps):
            rows = (np.arange(self._batch) + self._step * self._batch) % self._pairs
            self._step += 1
            float(self._stepper.step(self._step, {"query": rows, "document": rows}, rows).loss)
        return steps * self._batch / (time.perf_counter() - start)


class Peer(TrainerCallback):  # type: ignore[misc]
    """Hold sentence-transformers' trainer between two steps until more are asked for."""

    def __init__(self, kind: str, bf16: bool, batch: int = BATCH, chunk: int | None = None) -> None:
        """Set the trainer up with its fused optimizer.

        Args:
            kind: of encoder and pairs.
            bf16: whether to compute in bfloat16.
            batch: pairs in a step.
            chunk: texts at one time with gradient caching; None without.
        """
        self._asked, self._done, self._batch = threading.Semaphore(0), threading.Semaphore(0), batch
        threading.Thread(target=self._train, args=(kind, bf16, chunk), daemon=True).start()
        self.run(1)

    def run(self, steps: int) -> float:
        """Do some steps.

        Args:
            steps: how many.

        Returns:
            Pairs per second.
        """
        start = time.perf_counter()
        for _ in range(steps):
            self._asked.release()
            self._done.acquire()
        return steps * self._batch / (time.perf_counter() - start)

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Wait until a step is asked for.

        Args:
            *_: of the trainer.
            **__: of the trainer.
        """
        self._asked.acquire()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Say that a step is done.

        Args:
            *_: of the trainer.
            **__: of the trainer.
        """
        self._done.release()

    def _train(self, kind: str, bf16: bool, chunk: int | None) -> None:
        model = training_data.encoder(kind)
        columns = [
            [f"{model.prompts.get(side) or ''}{text}" for text in side_texts]
            for side, side_texts in zip(("query", "document"), training_data.pairs(kind), strict=True)
        ]
        trainer = SentenceTransformerTrainer(
            model=model,
            args=peer_trainer.arguments(self._batch, _MANY, bf16, _params()),
            train_dataset=Dataset.from_dict(dict(zip(("anchor", "positive"), columns, strict=True))),
            loss=peer_trainer.loss(model, 1 / _params().temperature, chunk),
            callbacks=[self],
        )
        peer_trainer.quiet(trainer)
        trainer.train()


def _params() -> TrainParams:
    return replace(train_params(read_params(ROOT / "params.yaml"), "hybrid"), learning_rate=1e-5)


ours, peer = cache(Ours), cache(Peer)


def ours_memory(kind: str, precision: str, batch: int, caching: int | None) -> None:
    """Do two steps, in a process of its own.

    Args:
        kind: of encoder and pairs.
        precision: as in `train.precision`.
        batch: pairs in a step.
        caching: as in `train.gradient_caching`.
    """
    Ours(kind, precision, batch, caching).run(2)


def peer_memory(kind: str, bf16: bool) -> None:
    """Do two steps, in a process of its own.

    Args:
        kind: of encoder and pairs.
        bf16: whether to compute in bfloat16.
    """
    Peer(kind, bf16).run(1)


@cache
def product_peak() -> float:
    """Measure how fast this machine multiplies matrices of an encoder's shape in float32, at best.

    Returns:
        GFLOP/s.
    """
    left, right = torch.randn(4096, 384), torch.randn(384, 1536)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return 2 * 4096 * 384 * 1536 / min(times) / 1e9


def comparisons() -> list[Comparison]:
    """List the comparisons of training.

    Returns:
        Speed with either encoder and in either precision, memory, and gradient caching.
    """
    real = "multilingual-e5-small, documents"
    note = training_data.note()
    no_bf16 = "" if has_fast_bf16() else "this CPU has no instructions for bfloat16"
    amx = has_fast_bf16() == "amx"
    cached = f"batch {CACHED_BATCH:,}, gradient caching"
    return [
        # First: beside the encoders that the others hold it would not fit into memory.
        Comparison(
            name=f"training, {real}, defaults of both: memory",
            peer=TRAINER,
            unit="MB",
            goal=Goal.at_most(0.5),
            measure_ours=partial(peak_memory, ours_memory, "real", "auto", BATCH, None),
            measure_peer=partial(peak_memory, peer_memory, "real", False),
            repeats=1,
            note=note,
            expected_s=120,
        ),
        _speed("training, tiny encoder, float32", "tiny", "fp32", False, 1.6, "", ""),
        _speed(f"training, {real}, float32", "real", "fp32", False, 1.6, note, ""),
        _speed(f"training, {real}, bfloat16", "real", "bf16", True, 1.6, note, no_bf16),
        _speed(f"training, {real}, defaults of both", "real", "auto", False, 3.0 if amx else None, note, ""),
        Comparison(
            name=f"training, tiny encoder, {cached}: time of a pair",
            peer="the same step without it",
            unit="ms",
            goal=Goal.at_most(1.35),
            measure_ours=lambda: 1000 / ours("tiny", "fp32", CACHED_BATCH, CACHED_TOKENS).run(1),
            measure_peer=lambda: 1000 / ours("tiny", "fp32", CACHED_BATCH, None).run(1),
            warm_up=True,
            expected_s=30,
        ),
        Comparison(
            name=f"training, tiny encoder, {cached}",
            peer="CachedMultipleNegativesRankingLoss",
            unit="pairs/s",
            goal=Goal.at_least(1.0),
            measure_ours=lambda: ours("tiny", "fp32", CACHED_BATCH, CACHED_TOKENS).run(1),
            measure_peer=lambda: peer("tiny", False, CACHED_BATCH, BATCH).run(1),
            warm_up=True,
            expected_s=60,
        ),
        Comparison(
            name="training, tiny encoder, batch 4,096 with gradient caching: memory",
            peer="batch 64 without it",
            unit="MB",
            goal=None,
            measure_ours=partial(peak_memory, ours_memory, "tiny", "fp32", 4096, CACHED_TOKENS),
            measure_peer=partial(peak_memory, ours_memory, "tiny", "fp32", BATCH, None),
            repeats=1,
            expected_s=60,
        ),
    ]


def _speed(
    name: str, kind: str, precision: str, peer_bf16: bool, goal: float | None, note: str, skip: str
) -> Comparison:
    return Comparison(
        name=name,
        peer=TRAINER,
        unit="pairs/s",
        goal=None if goal is None else Goal.at_least(goal),
        measure_ours=lambda: ours(kind, precision).run(STEPS[kind]),
        measure_peer=lambda: peer(kind, peer_bf16).run(STEPS[kind]),
        warm_up=True,
        note=note,
        skip=skip,
        expected_s=30 if kind == "tiny" else 160,
    )
