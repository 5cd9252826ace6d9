"""Let the trainer of sentence-transformers go through the batches of an exported plan."""

import json
from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentence_transformers.base.sampler import DefaultBatchSampler
from torch.utils.data import SequentialSampler

from hbir.core.errors import DataError, PlanError
from hbir.core.files import open_parquet
from hbir.training.export import EXPORT_SCHEMA, KEY


@dataclass(frozen=True)
class Replay:
    """Make the batch sampler of a training: what the argument `batch_sampler` of its arguments takes.

    The rows of an exported plan stand in training order, so its batches are every `batch_size` rows that follow
    each other. This makes sure that they are the trainer's batches too. It can be pickled, as the trainer does
    with its arguments.
    """

    path: Path
    batch_size: int
    steps: int

    @classmethod
    def of(cls, path: Path | str) -> "Replay":
        """Read what an exported plan says about itself.

        Args:
            path: a file from `hbir plan export`.

        Returns:
            What replays it.

        Raises:
            DataError: when the file is missing or no exported plan.
        """
        path = Path(path)
        file = open_parquet(path, EXPORT_SCHEMA)
        head = json.loads((file.metadata.metadata or {}).get(KEY, b"{}"))
        if not {"batch_size", "steps"} <= head.keys():
            raise DataError(
                where=str(path),
                expected="a plan with its batch size",
                found="a table without",
                hint="Write the file with `python -m hbir plan export`, and change nothing in it.",
            )
        return cls(path, head["batch_size"], head["steps"])

    def __call__(self, dataset: Sized, batch_size: int, drop_last: bool, **ignored: Any) -> DefaultBatchSampler:
        """Make the batch sampler, as the trainer asks for it.

        Args:
            dataset: all rows of the export, in their order.
            batch_size: of the trainer, on all its devices together.
            drop_last: of the trainer; every planned batch is whole.
            **ignored: what else the trainer gives, for batches that are drawn.

        Returns:
            The batches in their order.

        Raises:
            PlanError: when the rows or the batch size are not the plan's.
        """
        self._require("rows", len(dataset), self.steps * self.batch_size)
        self._require("rows in a batch", batch_size, self.batch_size)
        return DefaultBatchSampler(SequentialSampler(dataset), batch_size=batch_size, drop_last=drop_last)

    def _require(self, what: str, found: int, expected: int) -> None:
        if found != expected:
            raise PlanError(
                where=f"replay of {self.path}",
                expected=f"{expected:,} {what}",
                found=f"{found:,}",
                hint="Train on the whole export at its own batch size, on one device; measure with an "
                "`evaluator`, since an `eval_dataset` would be batched by the plan too.",
            )
