"""Do the work of a cluster in one of its processes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from hbir.cluster.blocks import packed, unpacked
from hbir.cluster.faults import fault_text

FAULT, ARITHMETIC = "fault", "arithmetic"
"""What goes along with the columns of an answer; the first is in an answer without columns."""


class Work(Protocol):
    """Answer one block after the other; made once in each worker, with its model."""

    @property
    def arithmetic(self) -> str:
        """Return what the last digits depend on, which must be the same in all workers; empty for nothing."""

    def __call__(self, block: pa.Table) -> pa.Table:
        """Answer a block.

        Args:
            block: what to work on.

        Returns:
            The answer, in rows that belong to those of the block.
        """


@dataclass(frozen=True)
class Job:
    """Say what every worker does."""

    make: Callable[[], Work]
    """Makes it, and raises where it would not be what this process would do."""
    where: str
    """The param, for a message."""
    folder: str
    """The working directory here, which relative paths of params.yaml start from."""


class Worker:
    """Answer blocks in a process of Ray."""

    def __init__(self, job: Job) -> None:
        """Take on a job; what does it is made at the first block, where its errors can be reported.

        Args:
            job: what to do.
        """
        self._job = job
        if Path(job.folder).is_dir():
            os.chdir(job.folder)

    def ready(self) -> bytes:
        """Say that this process runs."""
        return b""

    def answer(self, block: bytes) -> bytes:
        """Answer a block.

        Args:
            block: an Arrow stream.

        Returns:
            An Arrow stream: columns, with the arithmetic; or an error.
        """
        try:
            table = self._work(unpacked(block, self._job.where))
            marks = {ARITHMETIC: self._work.arithmetic}
        except Exception as error:  # noqa: BLE001 - it is raised again elsewhere; Ray would send it as a pickle
            table, marks = pa.table({}), {FAULT: fault_text(error)}
        return packed(table.replace_schema_metadata(marks))

    @cached_property
    def _work(self) -> Work:
        return self._job.make()
