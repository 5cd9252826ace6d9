"""Write and read batch plans."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.core.errors import DataError, PlanError
from hbir.core.files import read_table, write_table
from hbir.core.schemas import PLAN_SCHEMA

FORMAT = 1
"""Of the columns and the metadata; a reader refuses others."""

_KEY = b"hbir"


@dataclass(frozen=True)
class Batch:
    """Name the examples of one step, row by row."""

    pair_ids: np.ndarray
    """(b,) int64."""
    query_langs: list[str]
    """(b,)."""
    passage_langs: list[str]
    """(b,)."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Hold all batches of a training, in order."""

    sampler: str
    alpha: float | list[list[float]] | None
    """Of hybrid; None for the others."""
    batch_size: int
    steps: int
    seed: int
    pairs_fingerprint: str
    """SHA-256 of the pairs that the plan was made from."""
    pair_ids: np.ndarray
    """(steps · batch_size,) int64."""
    query_langs: list[str]
    """(steps · batch_size,)."""
    passage_langs: list[str]
    """(steps · batch_size,)."""

    def batch(self, step: int) -> Batch:
        """Return one batch.

        Args:
            step: from 0.

        Returns:
            Its examples.
        """
        rows = slice(step * self.batch_size, (step + 1) * self.batch_size)
        return Batch(self.pair_ids[rows], self.query_langs[rows], self.passage_langs[rows])

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Go through the batches.

        Args:
            start: the first step, to resume.

        Returns:
            The batches of that step and all later ones.
        """
        return map(self.batch, range(start, self.steps))

    @property
    def metadata(self) -> dict[str, Any]:
        """Return what the file says about itself."""
        names = ("sampler", "alpha", "batch_size", "steps", "seed", "pairs_fingerprint")
        return {"format": FORMAT, **{name: getattr(self, name) for name in names}}


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan, the same bytes for the same plan.

    Args:
        path: the Parquet file.
        plan: what to write.
    """
    columns = {
        "step": _step_column(plan.steps, plan.batch_size),
        "pair_id": plan.pair_ids,
        "query_lang": plan.query_langs,
        "passage_lang": plan.passage_langs,
    }
    metadata = {_KEY: json.dumps(plan.metadata, sort_keys=True)}
    write_table(path, pa.table(columns, schema=PLAN_SCHEMA.with_metadata(metadata)))


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Args:
        path: a file from `write_plan`.

    Returns:
        The plan.

    Raises:
        DataError: when the file is missing, truncated, or no plan of this format.
    """
    table = read_table(path, PLAN_SCHEMA)
    metadata = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    if metadata.pop("format", None) != FORMAT:
        raise _damaged(path, f"a batch plan of format {FORMAT}", "another format")
    steps = _step_column(metadata["steps"], metadata["batch_size"])
    if not np.array_equal(table["step"].to_numpy(), steps):
        raise _damaged(path, f"{metadata['steps']} steps of {metadata['batch_size']}", f"{table.num_rows} rows")
    return Plan(
        **metadata,
        pair_ids=table["pair_id"].to_numpy(),
        query_langs=table["query_lang"].to_pylist(),
        passage_langs=table["passage_lang"].to_pylist(),
    )


def check_plan(plan: Plan, pairs_fingerprint: str) -> None:
    """Check that a plan was made from these pairs.

    Args:
        plan: the plan.
        pairs_fingerprint: `file_digest` of `data/pairs.parquet`.

    Raises:
        PlanError: when it was made from others.
    """
    if plan.pairs_fingerprint != pairs_fingerprint:
        raise PlanError(
            where=f"plan {plan.sampler}",
            expected=f"pairs of fingerprint {plan.pairs_fingerprint[:12]}",
            found=f"data/pairs.parquet of fingerprint {pairs_fingerprint[:12]}",
            hint="Run `dvc repro build_batches`, which makes both.",
        )


def _step_column(steps: int, batch_size: int) -> np.ndarray:
    return np.repeat(np.arange(steps, dtype=np.int32), batch_size)  # (steps · batch_size,)


def _damaged(path: Path, expected: str, found: str) -> DataError:
    hint = "Delete the file and run `dvc repro build_batches`."
    return DataError(where=str(path), expected=expected, found=found, hint=hint)
