"""Let workers on a Ray cluster answer blocks of columns, in the order of the blocks."""

import weakref
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.cluster.ahead import in_order
from hbir.cluster.blocks import packed, require_columns, unpacked
from hbir.cluster.connect import connected, import_ray
from hbir.cluster.faults import fault_of
from hbir.cluster.params import ClusterParams
from hbir.cluster.worker import ARITHMETIC, FAULT, Job, Work, Worker
from hbir.core.errors import ModelError

_MINUTES = 30
"""Longest wait for the first worker to run."""
_DEATHS = 3
"""Times that a block is redone: a worker that dies of each try would else be started for ever."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Say where workers run."""

    cluster: ClusterParams
    threads: int
    """CPU threads of each worker; Ray reserves as many CPUs."""
    where: str
    """The param that names the cluster, for a message."""


class Pool:
    """Hold workers with their models, from the first block until nobody holds the pool any more."""

    def __init__(self, make: Callable[[], Work], setting: Setting, hint: str) -> None:
        """Make sure that Ray is there; nothing is started.

        Args:
            make: makes in each worker what answers blocks.
            setting: where workers run.
            hint: what to do where workers differ in their arithmetic.

        Raises:
            ParamsError: when Ray is not installed.
        """
        import_ray(setting.where)
        self._make, self._setting, self._hint = make, setting, hint
        self._actors: list[Any] = []
        self._arithmetic: str | None = None
        self._held = ExitStack()
        weakref.finalize(self, self._held.close)

    def answers(self, blocks: Iterable[pa.Table], columns: pa.Schema) -> Generator[pa.Table, None, None]:
        """Let the workers answer blocks; one that dies is started again, and its blocks are redone.

        Args:
            blocks: the work, of which some are taken ahead of the answers.
            columns: of an answer.

        Yields:
            The answers, in the order of the blocks. Whoever stops before the last one lets the workers go.

        Raises:
            Exception: what the work raises in a worker; other errors than those for users as a RuntimeError.
            ParamsError: when no cluster answers.
            ModelError: when workers differ in their arithmetic, die again and again, answer in something else
                than these columns and a row for each of the block, or none runs.
        """
        ray, rows = import_ray(self._setting.where), dict[Any, int]()

        def submit(actor: Any, block: pa.Table) -> Any:
            ticket = actor.answer.remote(packed(block))
            rows[ticket] = len(block)
            return ticket

        def first(tickets: list[Any]) -> Any:
            return ray.wait(tickets, num_returns=1, fetch_local=False)[0]

        with ExitStack() as unless_finished:
            unless_finished.callback(self.close)
            for ticket in in_order(blocks, self._opened(ray), submit, first):
                answer = self._read(ray, ticket)
                require_columns(answer, columns, rows.pop(ticket), self._setting.where)
                yield answer
            unless_finished.pop_all()

    def close(self) -> None:
        """Let the workers go; another block would start new ones."""
        self._actors = []
        self._held.close()

    def _opened(self, ray: Any) -> list[Any]:
        if not self._actors:
            setting, is_shared = self._setting, ray.is_initialized()
            self._held.enter_context(connected(setting.cluster, setting.threads, setting.where))
            actors = [self._started(ray) for _ in range(setting.cluster.workers)]
            if is_shared:  # else they go with the connection, of which Ray says nothing on stdout
                self._held.callback(_let_go, ray, actors)
            ready = [actor.ready.remote() for actor in actors]
            if not ray.wait(ready, num_returns=1, timeout=60 * _MINUTES)[0]:
                raise self._fault(
                    "a worker that runs",
                    f"none after {_MINUTES} minutes",
                    "See with `ray status` whether CPUs are free, and in `ray logs` why workers die.",
                )
            self._actors, self._arithmetic = actors, None
        return self._actors

    def _started(self, ray: Any) -> Any:
        workers, threads = self._setting.cluster.workers, self._setting.threads
        kind = ray.remote(
            num_cpus=threads,
            num_gpus=gpu_share(ray.cluster_resources().get("GPU", 0), workers),
            max_restarts=-1,
            max_task_retries=_DEATHS,
        )(Worker)
        return kind.remote(Job(self._make, self._setting.where, str(Path.cwd())))

    def _read(self, ray: Any, ticket: Any) -> pa.Table:
        try:
            block = ray.get(ticket)
        except ray.exceptions.RayError as error:
            raise self._fault(
                "a worker that answers",
                " ".join(str(error).split())[:300].rstrip("."),
                "See in `ray logs` why it died; as a rule memory is short.",
            ) from error
        table = unpacked(block, self._setting.where)
        marks = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        if FAULT in marks:
            raise fault_of(marks[FAULT])
        found = marks.get(ARITHMETIC, "")
        self._arithmetic = found if self._arithmetic is None else self._arithmetic
        if found != self._arithmetic:
            both = f"{self._arithmetic} and {found}"
            raise self._fault("the same arithmetic on every worker", both, self._hint)
        return table

    def _fault(self, expected: str, found: str, hint: str) -> ModelError:
        return ModelError(where=self._setting.where, expected=expected, found=found, hint=hint)


def _let_go(ray: Any, actors: list[Any]) -> None:
    if ray.is_initialized():  # at the very end Ray may have ended first, and its actors with it
        for actor in actors:
            ray.kill(actor)


def gpu_share(there: float, workers: int) -> float:
    """Share the GPUs out; without a share Ray would hide them from a worker.

    Args:
        there: GPUs of the cluster.
        workers: processes.

    Returns:
        GPUs of each.
    """
    return min(1.0, 1 / -(-workers // int(there))) if there >= 1 else 0.0
