"""Define who may watch a training run."""

from typing import Any, Protocol


class Observer(Protocol):
    """Receive what happens during a training run; must never raise into it."""

    def start(self, fingerprint: str, sampler: str, params: dict[str, Any]) -> None:
        """Learn which run begins or resumes.

        Args:
            fingerprint: of the run.
            sampler: whose run.
            params: flat names and values.
        """

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        """Learn a point of the training curve.

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


class Silent:
    """Watch nothing."""

    def start(self, fingerprint: str, sampler: str, params: dict[str, Any]) -> None:
        """Ignore the beginning."""

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        """Ignore a point."""

    def validation(self, step: int, loss: float, monolingual: float, cross_lingual: float | None) -> None:
        """Ignore a validation."""

    def finish(self, status: str) -> None:
        """Ignore the end."""
