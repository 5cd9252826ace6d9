"""Do the steps of a training one at a time: ours, and those of sentence-transformers' trainer."""

import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from sentence_transformers import SentenceTransformerTrainer
from transformers import TrainerCallback

from hbir.core.params import read_params
from hbir.encoding.model import prepare_torch
from hbir.encoding.prompts import SIDES
from hbir.encoding.shapes import Shape
from hbir.training.params import TrainParams, train_params
from hbir.training.prepare import prepare
from hbir.training.step import Stepper
from perf import peer_trainer, training_data
from perf.machine import ROOT

BATCH = 64
SIX_LAYERS = Shape(layers=6, width=384, heads=12, feed_forward=1536, vocabulary=16_000)
_MANY = 10_000
"""Steps of a training that is stopped before."""


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
        forward, tables = prepare(model, texts, params, tokens=folder / "tokens", tables=folder)
        self._stepper = Stepper(forward, params, tables, _MANY)
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

    def work(self) -> float:
        """Do one step, and count what it takes on tokens alone, without padding.

        Returns:
            GFLOP/s, by `Shape.flops`.
        """
        rows = (np.arange(self._batch) + self._step * self._batch) % self._pairs
        lengths = [self._stepper.forward.inputs.lengths(side, rows) for side in SIDES]
        flops = sum(SIX_LAYERS.flops(length) for length in np.concatenate(lengths).tolist())
        return flops * self.run(1) / self._batch / 1e9


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
        with peer_trainer.torchs_choice():
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
