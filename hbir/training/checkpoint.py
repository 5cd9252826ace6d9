"""Keep what a killed run needs to go on as if nothing had happened."""

import logging
import pickle
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from sentence_transformers import SentenceTransformer

from hbir.core.disk_faults import write_faults
from hbir.core.files import atomic_file, atomic_folder
from hbir.core.hashing import folder_digest
from hbir.encoding.model import save_encoder
from hbir.training.lora import merged

log = logging.getLogger(__name__)
_STATE = "state.pt"
_BEST = "best_model"
"""The key of the best model's digest, in a state."""
_RUN = "run"
"""The key of the run's name, in a state: one that was copied from another run is none of this one."""
_PARTS = frozenset({"step", "model", "optimizer", _BEST, _RUN})
"""Keys without which a state is none."""
_UNREADABLE = (
    *(pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError, TypeError, AttributeError),
    OSError,  # of an archive that Python can read and torch cannot
)
"""What torch raises for a file that holds no state."""
_AGAIN = "training starts again from step 0"


@dataclass(frozen=True)
class Checkpoints:
    """Hold one run's states outside DVC's outputs, so that a rerun of the killed stage finds them.

    The folder's name holds the run's fingerprint: changed params, plan, code or device never resume an old run.
    """

    folder: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process from training the same run at the same time.

        Yields:
            Nothing.

        Raises:
            DataError: when the folder cannot be written.
        """
        lock = FileLock(self.folder.with_suffix(".lock"))
        with write_faults(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.info("%s: waiting for another process that trains the same", self.folder.name)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def save(self, state: dict[str, Any], best_step: int) -> None:
        """Save a state and drop the best models that it no longer names.

        Args:
            state: tensors, numbers, strings, lists and mappings.
            best_step: the step of the best model so far; 0 where there is none.
        """
        best = {"step": best_step, "digest": folder_digest(self.best(best_step)) if best_step else ""}
        with atomic_file(self.folder / _STATE) as temporary:
            torch.save({**state, _BEST: best, _RUN: self.folder.name}, temporary)
        for old in self.folder.glob("best-*"):
            if old != self.best(best_step):
                shutil.rmtree(old)

    def load(self) -> dict[str, Any] | None:
        """Load the newest state.

        Returns:
            It, or None when the run is new, or when the state is damaged, another run's, or holds code in
            place of numbers, which never runs: then a warning names it.
        """
        path = self.folder / _STATE
        if not path.is_file():
            return None
        state, fault = _read(path)
        if not fault and state[_RUN] != self.folder.name:
            fault = f"of another run, {state[_RUN]}"
        if fault:
            log.warning("%s is damaged (%s): %s", path, fault, _AGAIN)
            return None
        del state[_RUN]
        best = state.pop(_BEST)
        if best["step"] and folder_digest(self.best(best["step"])) != best["digest"]:
            log.warning("%s is damaged: %s", self.best(best["step"]), _AGAIN)
            return None
        return state

    def best(self, step: int) -> Path:
        """Name the folder of a best model.

        Args:
            step: when it was the best.

        Returns:
            The folder.
        """
        return self.folder / f"best-{step}"

    def save_best(self, model: SentenceTransformer, step: int) -> None:
        """Save the best model so far.

        Args:
            model: the encoder.
            step: the step after which it stands.
        """
        with atomic_folder(self.best(step)) as folder:
            save_encoder(merged(model), folder)

    def remove(self) -> None:
        """Forget the run, once its model is saved."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Read a state without running what it says, and say what is wrong with it."""
    if fault := _damage(path):
        return {}, fault
    try:
        with warnings.catch_warnings(action="ignore"):  # of a pickle that torch did not write
            state = torch.load(path, weights_only=True, map_location="cpu")
    except _UNREADABLE:
        return {}, "it holds something else than tensors and plain values"
    if not isinstance(state, dict) or not state.keys() >= _PARTS:
        return {}, "it is no state of a training"
    if not _is_finite(state):
        return {}, "it holds numbers that are none"
    best = state[_BEST]
    if not isinstance(best, dict) or not isinstance(best.get("step"), int) or "digest" not in best:
        return {}, "it names no best model"
    return state, ""


def _is_finite(part: Any) -> bool:
    if isinstance(part, torch.Tensor):
        return bool(part.isfinite().all())
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    return all(map(_is_finite, inner))


def _damage(path: Path) -> str:
    """Say what is wrong with a state. torch itself takes zeros in the middle of a file for weights."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        return str(error) or type(error).__name__
    return f"{broken} has another checksum" if broken else ""
