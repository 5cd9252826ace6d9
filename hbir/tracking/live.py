"""Record a training while it runs, and never get in its way."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hbir.core.errors import TrackingError
from hbir.core.machine import main_root
from hbir.reporting.described import description
from hbir.tracking.described import written_params
from hbir.tracking.running import RunningMark, end_interrupted
from hbir.tracking.runs import RunKey, here, open_run
from hbir.tracking.store import Store
from hbir.tracking.system import watch_machine
from hbir.tracking.tracked_run import TrackedRun
from hbir.tracking.values import Point, row_points, run_params
from hbir.training.observer import Observer

if TYPE_CHECKING:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

log = logging.getLogger(__name__)

POINTS, SECONDS = 200, 10.0
"""The buffer is emptied when it holds so many points or is so old."""


@contextmanager
def never_fatal() -> Iterator[None]:
    """Turn any fault of tracking into a warning: results are worth more than their record.

    Yields:
        Nothing.
    """
    try:
        yield
    except Exception as error:
        expected = isinstance(error, TrackingError)
        fault = str(error).rstrip(".") if expected else f"{type(error).__name__}: {error}"
        log.warning("tracking: %s; run `python -m hbir track` later", fault, exc_info=not expected)


class LiveRun(Observer):
    """Log points of a running training; stop with one warning when the store fails."""

    def __init__(self, root: Path | None = None) -> None:
        """Note where the store is, and touch nothing yet.

        Args:
            root: the main repository; None finds it.
        """
        self._root = root or main_root()
        self._run: TrackedRun | None = None
        self._mark: RunningMark | None = None
        self._machine: SystemMetricsMonitor | None = None
        self._buffer: list[Point] = []
        self._flushed = time.monotonic()

    def start(self, fingerprint: str, sampler: str, params: dict[str, Any]) -> None:
        """Open the run, a new one or that of the training which now resumes.

        Args:
            fingerprint: of the training.
            sampler: whose run.
            params: flat names and values.
        """
        with never_fatal():
            store = Store(self._root)
            with store.faults():
                end_interrupted(store)
                key = RunKey(sampler=sampler, fingerprint=fingerprint, seed=str(params.get("seed", "")))
                run = open_run(store, key, here(self._root))
                self._mark = RunningMark(store, run.run_id)
                run.start()
                run.add(run_params(sampler, params) | description(written_params(Path())))
                self._machine = watch_machine(run)
            self._run = run

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        """Take a point of the training curve.

        Args:
            step: steps done.
            loss: the mean since the last point.
            learning_rate: of the last step.
            pairs_per_second: the mean since the last point.
        """
        row = {"step": step, "loss": loss, "learning_rate": learning_rate, "pairs_per_second": pairs_per_second}
        self._take(row_points("train", row))

    def validation(self, step: int, loss: float, monolingual: float, cross_lingual: float | None) -> None:
        """Take a validation.

        Args:
            step: steps done.
            loss: what chooses the best checkpoint.
            monolingual: its monolingual half.
            cross_lingual: its cross-lingual half; None with one language.
        """
        row = {"step": step, "loss": loss, "monolingual": monolingual, "cross_lingual": cross_lingual}
        self._take(row_points("validation", row))

    def finish(self, status: str) -> None:
        """Log what is left, and close the run.

        Args:
            status: FINISHED, FAILED or KILLED.
        """
        self._flush()
        if self._machine:
            self._machine.finish()
        self._attempt(lambda run: run.finish(status))
        self._run = None
        if self._mark:
            with never_fatal():
                self._mark.remove()
            self._mark = None

    def _take(self, points: list[Point]) -> None:
        self._buffer += points
        if len(self._buffer) >= POINTS or time.monotonic() - self._flushed >= SECONDS:
            self._flush()

    def _flush(self) -> None:
        points, self._buffer = self._buffer, []
        self._attempt(lambda run: run.add({}, points))
        if self._mark:
            self._mark.touch()
        self._flushed = time.monotonic()

    def _attempt(self, action: Callable[[TrackedRun], None]) -> None:
        """Do something with the run, and give it up for good when the store fails."""
        run, self._run = self._run, None
        if run is None:
            return
        with never_fatal():
            with run.store.faults():
                action(run)
            self._run = run
