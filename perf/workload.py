"""Make a training of made-up pairs, so that its cost can be measured at any size without data."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.core.files import write_table
from hbir.core.hashing import file_digest
from hbir.core.params import read_params
from hbir.core.schemas import PAIRS_SCHEMA, PLAN_SCHEMA
from hbir.encoding.shapes import Shape
from hbir.training.observer import Observer
from hbir.training.params import TrainParams, train_params
from hbir.training.run import Job, train
from perf.machine import ROOT
from perf.shapes import make_encoder

VALIDATION = 4
"""Validation pairs per language, the fewest that mixing two languages takes."""
LANGS = ("aa", "bb")
WINDOW = 2
"""Steps between two measurements of speed."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Say what is trained on."""

    shape: Shape
    batch: int
    """Pairs per step."""
    steps: int
    query_tokens: int
    """Of every query, with the two special ones."""
    passage_tokens: int
    """Of the longest passage; they have between half of it and it."""
    pairs: int
    """In `pairs.parquet`; at least as many as a batch has."""

    @property
    def flops_per_pair(self) -> float:
        """Return what `Shape.flops` counts for a query and a passage of mean length."""
        mean = round(0.75 * self.passage_tokens)
        return self.shape.flops(self.query_tokens) + self.shape.flops(mean)

    def texts(self) -> tuple[list[str], list[str]]:
        """Make queries and passages; few words occur often and many rarely.

        Returns:
            (pairs,) of each, all different.
        """
        rng = np.random.default_rng(1)
        longest = self.passage_tokens - 2
        lengths = rng.integers(longest // 2, longest + 1, self.pairs).tolist()
        return (
            [self._text(rng, self.query_tokens - 2, number) for number in range(self.pairs)],
            [self._text(rng, length, number) for number, length in enumerate(lengths)],
        )

    def _text(self, rng: np.random.Generator, words: int, number: int) -> str:
        drawn = 5 + (rng.random(max(1, words)) ** 3 * (self.shape.vocabulary - 5)).astype(int)
        return " ".join(f"w{word}" for word in drawn)


@dataclass
class Speeds(Observer):
    """Collect the speed of every window."""

    windows: list[float] = field(default_factory=list)

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        """Take a window.

        Args:
            step: steps done.
            loss: of no interest.
            learning_rate: of no interest.
            pairs_per_second: of the window.
        """
        self.windows.append(pairs_per_second)

    @property
    def speed(self) -> float:
        """Return the median in pairs/s; the first window, which warms everything up, does not count."""
        return median(self.windows[1:] or self.windows)


def prepare(workload: Workload, folder: Path, **changes: Any) -> Job:
    """Write everything that a training reads.

    Args:
        workload: what to train on.
        folder: an empty folder.
        **changes: of the section `train` in params.yaml.

    Returns:
        The training.
    """
    longest = max(workload.query_tokens, workload.passage_tokens)
    make_encoder(workload.shape, folder / "initial", longest)
    pairs, plan = folder / "pairs.parquet", folder / "plan.parquet"
    write_table(pairs, _pairs(workload))
    write_table(plan, _plan(workload, file_digest(pairs)))
    params = train_params(read_params(ROOT / "params.yaml"), "hybrid")
    return Job(
        sampler="hybrid",
        params=_changed(params, workload, changes),
        threads=os.cpu_count() or 1,
        seed=1,
        plan=plan,
        pairs=pairs,
        initial=folder / "initial",
        log_every=WINDOW,
        checkpoint_every=workload.steps,
        output=folder / "model",
    )


def run(job: Job) -> float:
    """Train from the start.

    Args:
        job: what `prepare` returned.

    Returns:
        The speed in pairs/s, the median of windows of some steps.
    """
    speeds = Speeds()
    with _project(job.output.parent):
        train(job, speeds)
    return speeds.speed


@contextmanager
def _project(folder: Path) -> Iterator[None]:
    """Let checkpoints and records go to a folder."""
    before = os.environ.get("DVC_ROOT")
    os.environ["DVC_ROOT"] = str(folder)
    try:
        yield
    finally:
        del os.environ["DVC_ROOT"]
        if before is not None:
            os.environ["DVC_ROOT"] = before


def _changed(params: TrainParams, workload: Workload, changes: dict[str, Any]) -> TrainParams:
    validation = replace(params.validation, every=workload.steps)
    return replace(params, validation=validation, learning_rate=1e-5, **changes)


def _pairs(workload: Workload) -> pa.Table:
    queries, passages = workload.texts()
    count = len(queries)
    half = count // 2
    numbers = np.arange(count)
    split = np.where(np.arange(count) % half < VALIDATION, "validation", "train")
    langs = np.repeat(LANGS, [half, count - half])
    ids = np.where(numbers < half, numbers, numbers - half)
    columns = {"lang": langs, "pair_id": ids, "passage_id": ids, "query_id": ids, "split": split}
    texts = {"query": queries, "passage": passages, "source": ["made up"] * count}
    table = pa.table({name: pa.array(values) for name, values in (columns | texts).items()})
    return table.select(PAIRS_SCHEMA.names).cast(PAIRS_SCHEMA)


def _plan(workload: Workload, fingerprint: str) -> pa.Table:
    """Draw pairs of the first language and of the second in turn."""
    half = workload.pairs // 2
    size = workload.steps * workload.batch
    drawn = VALIDATION + np.arange(size) % (half - VALIDATION)
    langs = np.array(LANGS)[np.arange(size) // workload.batch % 2]
    head = {
        "format": 1,
        "sampler": "hybrid",
        "alpha": 1.0,
        "batch_size": workload.batch,
        "steps": workload.steps,
        "seed": 1,
        "pairs_fingerprint": fingerprint,
    }
    schema = PLAN_SCHEMA.with_metadata({b"hbir": json.dumps(head, sort_keys=True)})
    steps = np.arange(size, dtype=np.int32) // workload.batch
    return pa.table(
        {"step": steps, "pair_id": drawn, "query_lang": langs, "passage_lang": langs}, schema=schema
    )
