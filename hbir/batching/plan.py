"""Write and read batch plans."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hbir.batching.head import FORMAT, Head, step_ranges
from hbir.batching.row_groups import RowGroups, damaged, step_column
from hbir.batching.rows import Rows
from hbir.core.errors import PlanError
from hbir.core.files import atomic_file, open_parquet
from hbir.core.schemas import PLAN_SCHEMA

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


class Store(Protocol):
    """Give the examples of a plan, from memory or from a file."""

    def rows(self, start: int, stop: int) -> Rows:
        """Return the examples from one up to another.

        Args:
            start: the first.
            stop: the one after the last.

        Returns:
            (stop - start,) examples.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Plan(Head):
    """Hold all batches of a training, in order."""

    store: Store
    """Of all steps · batch_size examples."""

    def rows(self, start: int, stop: int) -> Rows:
        """Return the examples of some steps, with their languages by number.

        Args:
            start: the first step, from 0.
            stop: the step after the last.

        Returns:
            ((stop - start) · batch_size,) examples.
        """
        return self.store.rows(start * self.batch_size, stop * self.batch_size)

    def parts(self) -> Iterator[Rows]:
        """Go through all examples in parts that fit into memory.

        Yields:
            Parts of whole steps, of about a million examples.
        """
        for start, stop in step_ranges(self):
            yield self.rows(start, stop)

    def batch(self, step: int) -> Batch:
        """Return one batch.

        Args:
            step: from 0.

        Returns:
            Its examples.
        """
        rows = self.rows(step, step + 1)
        return Batch(rows.pair_ids, rows.names(rows.query_langs), rows.names(rows.passage_langs))

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Go through the batches.

        Args:
            start: the first step, to resume.

        Returns:
            The batches of that step and all later ones.
        """
        return map(self.batch, range(start, self.steps))


def write_plan(path: Path, plan: Head) -> None:
    """Write a plan part by part, the same bytes for the same plan.

    A part is written while the next one is drawn, on another core: a third less time.

    Args:
        path: the Parquet file; each part becomes a row group of it.
        plan: what to write.
    """
    metadata = {_KEY: json.dumps(plan.metadata, sort_keys=True)}
    schema = PLAN_SCHEMA.with_metadata(metadata)
    with (
        atomic_file(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
        ThreadPoolExecutor(1) as thread,
    ):
        row = 0
        last: Future[None] | None = None
        for rows in plan.parts():
            table = _table(rows, row, plan.batch_size, schema)
            row += len(rows)
            if last:
                last.result()
            last = thread.submit(writer.write_table, table, row_group_size=len(rows))
        if last:
            last.result()


def _table(rows: Rows, start: int, batch_size: int, schema: pa.Schema) -> pa.Table:
    columns = {
        "step": step_column(start, start + len(rows), batch_size),
        "pair_id": rows.pair_ids,
        "query_lang": rows.strings(rows.query_langs),
        "passage_lang": rows.strings(rows.passage_langs),
    }
    return pa.table(columns, schema=schema)


def read_plan(path: Path) -> Plan:
    """Open a plan; its examples are read from the file when they are asked for.

    Args:
        path: a file from `write_plan`.

    Returns:
        The plan, which is for one thread at a time.

    Raises:
        DataError: when the file is missing, truncated, or no plan of this format.
    """
    file = open_parquet(path, PLAN_SCHEMA, dictionaries=["query_lang", "passage_lang"])
    metadata = _metadata(path, (file.metadata.metadata or {}).get(_KEY, b"{}"))
    plan = Plan(**metadata, store=RowGroups(path, file, metadata["batch_size"]))
    if file.metadata.num_rows != plan.steps * plan.batch_size:
        expected = f"{plan.steps} steps of {plan.batch_size}"
        raise damaged(path, expected, f"{file.metadata.num_rows} rows")
    return plan


def _metadata(path: Path, written: bytes) -> dict[str, Any]:
    try:
        metadata = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"a batch plan of format {FORMAT}", f"a head that is no JSON ({error})") from error
    if not isinstance(metadata, dict) or metadata.pop("format", None) != FORMAT:
        raise damaged(path, f"a batch plan of format {FORMAT}", "another format")
    names = {part.name for part in fields(Head)}
    counts = [metadata.get(name) for name in ("batch_size", "steps")]
    if metadata.keys() != names or not all(isinstance(count, int) and count > 0 for count in counts):
        raise damaged(path, f"a head with {', '.join(sorted(names))}", f"{str(metadata)[:200]}")
    return metadata


def check_plan(plan: Head, pairs_fingerprint: str) -> None:
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
