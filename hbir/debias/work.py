"""Keep what a run has done in a folder beside its output, so that the same command goes on."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

import hbir
from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError, ParamsError
from hbir.core.files import require_writable
from hbir.core.hashing import digest, file_digest
from hbir.debias.options import Options

_KEY = "run"
_NO_MATTER = ("force", "texts", "minutes", "steps")
"""Options that change nothing of what was done before the plan; texts count by their content."""


@dataclass(frozen=True)
class Work:
    """Name the files of one run."""

    folder: Path

    @property
    def corpus(self) -> Path:
        """What is said of the texts."""
        return self.folder / "corpus.json"

    @property
    def texts(self) -> Path:
        """All texts, held out or not."""
        return self.folder / "texts.jsonl"

    @property
    def pairs(self) -> Path:
        """Those to train and validate on."""
        return self.folder / "pairs.parquet"

    @property
    def plan(self) -> Path:
        """Every batch."""
        return self.folder / "plan.parquet"

    @property
    def steps(self) -> Path:
        """How many, and for which budget."""
        return self.folder / "steps.json"

    @property
    def scoring(self) -> Path:
        """How long the first scoring took."""
        return self.folder / "scoring.json"

    @property
    def initial(self) -> Path:
        """The encoder before."""
        return self.folder / "initial"

    @property
    def trained(self) -> Path:
        """The encoder after."""
        return self.folder / "trained"

    def scores(self, which: str) -> Path:
        """Name the folder of scores.

        Args:
            which: before or after.

        Returns:
            The folder.
        """
        return self.folder / "scores" / which


def check_out(options: Options) -> None:
    """Check before any work that the output can be written.

    Args:
        options: of the run.

    Raises:
        ParamsError: when it is there already and may not be replaced.
        DataError: when it cannot be written.
    """
    out = options.out
    if out.exists() and not options.force:
        raise ParamsError(
            where=f"--out {out}",
            expected="a folder that is not there yet",
            found="one that is" if out.is_dir() else "a file",
            hint="Name another, or add --force to replace it.",
        )
    require_writable(out)


@contextmanager
def working(options: Options, files: list[Path], model: str) -> Iterator[Work]:
    """Open the folder of a run; it is removed when the run is done, and stays when it was stopped.

    Args:
        options: of the run.
        files: with texts.
        model: the encoder's fingerprint.

    Yields:
        Its files. Those of a run with another encoder, other texts or options are gone, but for the budget.

    Raises:
        DataError: when another process works in it.
    """
    folder = options.out.absolute().parent / f".{options.out.name}.work"
    lock = FileLock(folder.with_suffix(".lock"))
    with write_faults(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DataError(
                where=f"--out {options.out}",
                expected="one process at a time",
                found="another that works on it",
                hint="Wait for it, or name another folder.",
            ) from error
    try:
        key = _key(options, files, model)
        with write_faults(folder):
            if not (folder / _KEY).is_file() or (folder / _KEY).read_text() != key:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                (folder / _KEY).write_text(key)
        yield Work(folder)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _key(options: Options, files: list[Path], model: str) -> str:
    chosen = {name: str(value) for name, value in asdict(options).items() if name not in _NO_MATTER}
    digests = [file_digest(path) for path in files]
    return digest(json.dumps([chosen, options.texts, digests, model, hbir.__version__], sort_keys=True))
