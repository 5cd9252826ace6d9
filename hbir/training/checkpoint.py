"""Keep what a killed run needs to go on as if nothing had happened."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from sentence_transformers import SentenceTransformer

from hbir.core.files import atomic_file, atomic_folder
from hbir.encoding.model import save_encoder
from hbir.training.lora import merged

_STATE = "state.pt"


@dataclass(frozen=True)
class Checkpoints:
    """Hold one run's states outside DVC's outputs, so that a rerun of the killed stage finds them.

    The folder's name holds the run's fingerprint: changed params, plan or code never resume an old run.
    """

    folder: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process from training the same run at the same time.

        Yields:
            Nothing.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder.with_suffix(".lock")):
            yield

    def save(self, state: dict[str, Any], best_step: int) -> None:
        """Save a state and drop the best models that it no longer names.

        Args:
            state: tensors, numbers, strings, lists and mappings.
            best_step: the step of the best model so far.
        """
        with atomic_file(self.folder / _STATE) as temporary:
            torch.save(state, temporary)
        for old in self.folder.glob("best-*"):
            if old != self.best(best_step):
                shutil.rmtree(old)

    def load(self) -> dict[str, Any] | None:
        """Load the newest state.

        Returns:
            It, or None when the run is new.
        """
        path = self.folder / _STATE
        if not path.is_file():
            return None
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
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
