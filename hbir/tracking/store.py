"""Open the experiment store: SQLite in the main repository, or what MLFLOW_TRACKING_URI names."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from hbir.core.errors import TrackingError
from hbir.tracking.server import check_answers, is_server

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

EXPERIMENT = "hbir"
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
"""Of the environment, where the user set nothing: by MLflow's own, a dead server blocks for minutes."""


def tracking_uri(root: Path) -> str:
    """Name the store.

    Args:
        root: the main repository.

    Returns:
        MLFLOW_TRACKING_URI, else a SQLite file in the main repository.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root / 'mlflow.db'}"


class Store:
    """Hold a client of the store and the id of the experiment that all runs belong to."""

    def __init__(self, root: Path) -> None:
        """Open the store, and set it up at its first use.

        Args:
            root: the main repository.

        Raises:
            TrackingError: when it cannot be reached or opened.
        """
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        self.root = root
        self.uri = tracking_uri(root)
        with self.faults():
            if is_server(self.uri):
                check_answers(self.uri)
            with self.locked():
                self.client = self._client()
                self.experiment_id = self._experiment()

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn whatever goes wrong with the store into a message.

        Yields:
            Nothing.

        Raises:
            TrackingError: in place of the libraries' errors.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(
                where=_without_password(self.uri),
                expected="an MLflow store that can be read and written",
                found=_without_password(_brief(error)),
                hint="Mend the store, or delete it: it can be filled again.",
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes of this machine out.

        Two that set up a fresh SQLite store at once break each other's migration, and two that look for the
        same run at once both create it.

        Yields:
            Nothing.
        """
        folder = self.root / ".hbir"
        folder.mkdir(parents=True, exist_ok=True)
        seconds = 5 if is_server(self.uri) else 120
        with FileLock(folder / "mlflow.lock", timeout=seconds):
            yield

    def _client(self) -> "MlflowClient":
        from mlflow import MlflowClient

        return MlflowClient(self.uri)

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found:
            self._check(found)
            return str(found.experiment_id)
        return str(self.client.create_experiment(EXPERIMENT, artifact_location=self._artifacts()))

    def _artifacts(self) -> str | None:
        """Return where files go: a server decides itself, else below the main repository."""
        return None if is_server(self.uri) else (self.root / "mlartifacts").as_uri()

    def _check(self, experiment: "Experiment") -> None:
        """Refuse our own store after its folder was moved: its files would go to the old place."""
        if (
            self.uri != f"sqlite:///{self.root / 'mlflow.db'}"
            or experiment.artifact_location == self._artifacts()
        ):
            return
        raise TrackingError(
            where=str(self.root / "mlflow.db"),
            expected=f"files under {self._artifacts()}",
            found=str(experiment.artifact_location),
            hint="The project was moved: delete mlflow.db and run `python -m hbir track`.",
        )


def _brief(error: Exception) -> str:
    """Return the message in one line, without the statement that SQLAlchemy appends."""
    return " ".join(str(error).split("[SQL:")[0].split())[:300]


def _without_password(text: str) -> str:
    return re.sub(r"(\w://)[^/@\s]+@", r"\1***@", text)
