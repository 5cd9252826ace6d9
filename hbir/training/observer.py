"""Define who may watch a training run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Observer:
    """Receive what happens during a training run, and do nothing; a subclass may do more, but never raise."""

    def start(self, fingerprint: str, sampler: str, params: dict[str, Any]) -> None:
        """Learn which run begins or resumes.

        Args:
            fingerprint: of the run.
            sampler: whose run.
            params: flat names and values.
        """

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        """Learn a point of the live curve, which has one every `tracking.log_every` steps.

        Args:
            step: steps done.
            loss: the mean since the last point.
            learning_rate: of the last step.
            pairs_per_second: the mean since the last point.
        """

    def validation(self, step: int, loss: float, monolingual: float, cross_lingual: float | None) -> None:
        """Learn a validation.

        Args:
            step: steps done.
            loss: what chooses the best checkpoint.
            monolingual: its monolingual half.
            cross_lingual: its cross-lingual half; None with one language.
        """

    def finish(self, status: str) -> None:
        """Learn that the run is over.

        Args:
            status: FINISHED, FAILED or KILLED.
        """


@contextmanager
def watched(observer: Observer, fingerprint: str, sampler: str, params: dict[str, Any]) -> Iterator[None]:
    """Tell an observer when a run begins, and how it ends.

    Args:
        observer: who watches.
        fingerprint: of the run.
        sampler: whose run.
        params: flat names and values.

    Yields:
        Nothing.
    """
    observer.start(fingerprint, sampler, params)
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        observer.finish(status)
