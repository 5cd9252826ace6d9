"""Open the experiment store: SQLite in the main repository, or what MLFLOW_TRACKING_URI names."""

import errno
import importlib
import logging
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hbir.core.deferred import OPTIONAL, deferred
from hbir.core.errors import TrackingError
from hbir.core.hashing import digest
from hbir.tracking.server import check_answers, is_server
from hbir.tracking.server_lock import TAKEN, server_lock
from hbir.tracking.store_file import refuse_other_database

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

EXPERIMENT = "hbir"
COMPARED = "current"
"""Value of the tag that says which runs a project's folder compares now."""
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Of the environment, where the user set nothing.

By MLflow's own, a dead server blocks for minutes, and every model that goes to a server prints two links.
"""

PAGE = 1000
"""Runs that one search returns."""
SECONDS_TO_SYNCHRONISE = 600.0
"""How long to wait for another process that does so."""
SECONDS_TO_OPEN = 30.0
"""How long to wait for another clone that looks for a run or makes one, which takes it a few requests."""


def tracking_uri(root: Path) -> str:
    """Name the store.

    Args:
        root: the main repository.

    Returns:
        MLFLOW_TRACKING_URI, else a SQLite file in the main repository.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root / 'mlflow.db'}"


_NO_ROOM = (os.strerror(errno.ENOSPC), "database or disk is full")
"""What the system and SQLite say."""


class Store:
    """Hold a client of the store and the id of the experiment that all runs belong to."""

    COMPARISON = "hbir.comparison"
    """What the tags begin with that say which runs a project's folder compares."""

    def __init__(self, root: Path) -> None:
        """Open the store, and set it up at its first use.

        Args:
            root: the main repository.

        Raises:
            TrackingError: when it cannot be reached or opened.
        """
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        _import_mlflow()
        self.root = root
        self.uri = tracking_uri(root)
        self.experiment_id = ""
        with self.faults():
            if is_server(self.uri):
                check_answers(self.uri)
            with self.locked():
                if self.is_project_file:
                    refuse_other_database(self.root / "mlflow.db")
                self.client = self._client()
                self.experiment_id = self._experiment()

    @property
    def comparison(self) -> str:
        """Name the tag of the runs that this project's folder compares; a server may hold those of others."""
        return f"{self.COMPARISON}.{digest(f'{platform.node()} {self.root}')[:8]}"

    @property
    def compared(self) -> str:
        """Return MLflow's filter for the runs that this project's folder compares."""
        return f"tags.`{self.comparison}` = '{COMPARED}'"

    def search(self, wanted: str = "") -> "list[Run]":
        """Find runs.

        Args:
            wanted: MLflow's filter; empty for all runs.

        Returns:
            The runs that are not deleted, the oldest first.
        """
        found: list[Run] = []
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id], wanted, max_results=PAGE, order_by=["start_time ASC"], page_token=token
            )
            found += page
            if not (token := page.token):
                return found

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
        except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
            raise TrackingError(
                where=_without_password(self.uri),
                expected="an MLflow store that can be read and written",
                found=_without_password(_brief(error)),
                hint=self._hint(error),
            ) from error

    @property
    def is_project_file(self) -> bool:
        """Tell whether it is the project's own file, which can be filled again from what DVC holds."""
        return self.uri == f"sqlite:///{self.root / 'mlflow.db'}"

    def _hint(self, error: Exception) -> str:
        """Say what helps; nobody is told to remove a store that may hold other people's runs."""
        if isinstance(error, Timeout):
            return "Another process of this project writes to it. Wait for it, and run `python -m hbir track`."
        if isinstance(error, ImportError):
            return "Install the database's driver into this environment, or correct MLFLOW_TRACKING_URI."
        if any(said in str(error) for said in _NO_ROOM):
            return "Free some space on its disk, and run `python -m hbir track`."
        if "out-of-date database schema" in str(error):
            upgrade = f"mlflow db upgrade {_without_password(self.uri)}"
            return f"Back the database up and run `{upgrade}`, with the password in the address if it has one."
        if self.is_project_file:
            return (
                "Move mlflow.db away and run `python -m hbir track`: a new one is filled with what DVC holds."
            )
        return (
            "Check MLFLOW_TRACKING_URI, and whether you may write there; what the store holds stays as it is."
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out, of this project or of all clones that share the store.

        Two that set up a fresh SQLite store at once break each other's migration, and two that look for the
        same run at once both create it.

        Yields:
            Nothing.
        """
        seconds = 5 if is_server(self.uri) else 120
        with FileLock(self._lock(), timeout=seconds), self._locked_by_all("open", SECONDS_TO_OPEN):
            yield

    @contextmanager
    def synchronising(self) -> Iterator[None]:
        """Keep other processes that bring the store up to date out; trainings log on meanwhile.

        Two that found the same run unfinished would both fill it, and every value would be there twice: two
        experiments of a study that share trainings, for example.

        Yields:
            Nothing.
        """
        path = self._lock()
        with (
            FileLock(path.with_stem(f"{path.stem}-sync"), timeout=SECONDS_TO_SYNCHRONISE),
            self._locked_by_all("synchronise", SECONDS_TO_SYNCHRONISE),
        ):
            yield

    @contextmanager
    def _locked_by_all(self, name: str, seconds: float) -> Iterator[None]:
        """Keep out the clones elsewhere that use the same store, once it is open."""
        if self.is_project_file or not self.experiment_id:
            yield
            return
        with server_lock(self.client, f"{EXPERIMENT}.lock.{name}", seconds):
            yield

    def _lock(self) -> Path:
        """Return a file in the project, or where that cannot be written, one that its name leads to."""
        folder = self.root / ".hbir"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            folder = Path(tempfile.gettempdir())
        if os.access(folder, os.W_OK):
            return folder / "mlflow.lock"
        return Path(tempfile.gettempdir()) / f"hbir-{digest(str(self.root))[:12]}.lock"

    def _client(self) -> "MlflowClient":
        from mlflow import MlflowClient

        return MlflowClient(self.uri)

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found:
            self._check_active(found)
            self._check_place(found)
            return str(found.experiment_id)
        return self._create_experiment()

    def _create_experiment(self) -> str:
        """Make the experiment, which another clone may do at the same moment: MLflow takes a name once."""
        from mlflow.exceptions import MlflowException

        try:
            return str(self.client.create_experiment(EXPERIMENT, artifact_location=self._artifacts()))
        except MlflowException as error:
            other = self.client.get_experiment_by_name(EXPERIMENT) if error.error_code == TAKEN else None
            if other is None:
                raise
            return str(other.experiment_id)

    def _artifacts(self) -> str | None:
        """Return where files go: a server decides itself, else below the main repository."""
        return None if is_server(self.uri) else (self.root / "mlartifacts").as_uri()

    def _check_active(self, experiment: "Experiment") -> None:
        """Refuse an experiment that somebody deleted in the UI: MLflow keeps it, and takes no runs for it."""
        if experiment.lifecycle_stage == "deleted":
            raise TrackingError(
                where=_without_password(self.uri),
                expected=f"the experiment {EXPERIMENT}",
                found="that it was deleted in MLflow, which keeps it",
                hint="Bring it back with `mlflow experiments restore --experiment-id "
                f"{experiment.experiment_id}` and MLFLOW_TRACKING_URI={_without_password(self.uri)}.",
            )

    def _check_place(self, experiment: "Experiment") -> None:
        """Refuse our own store after its folder was moved: its files would go to the old place."""
        if not self.is_project_file or experiment.artifact_location == self._artifacts():
            return
        raise TrackingError(
            where=str(self.root / "mlflow.db"),
            expected=f"files under {self._artifacts()}",
            found=str(experiment.artifact_location),
            hint="The project was moved: move mlflow.db out of it and run `python -m hbir track`.",
        )


def _import_mlflow() -> None:
    """Import MLflow without pandas and SciPy, which no run needs: 2.1 instead of 2.7 s of CPU."""
    with deferred("pandas", *OPTIONAL):
        importlib.import_module("mlflow")
    # It logs every fault of the database with its traceback, and raises it too: `Store.faults` has a line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


def _brief(error: Exception) -> str:
    """Return the message in one line, without the statement that SQLAlchemy appends."""
    return " ".join(str(error).split("[SQL:")[0].split())[:300]


def _without_password(text: str) -> str:
    return re.sub(r"(\w://)[^/@\s]+@", r"\1***@", text)
