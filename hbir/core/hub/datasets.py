"""Read datasets of the Hugging Face Hub, or local folders laid out like one, at a revision that never moves."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hbir.core.errors import DataError
from hbir.core.hub.faults import explained_faults
from hbir.core.hub.repository import TIMEOUT, Repository, is_id
from hbir.core.lines import expanded, missing
from hbir.core.params import unknown

if TYPE_CHECKING:
    from datasets import Dataset

_ONLINE = "Connect to the network, or put the files into a local folder and name that."
_READABLE = "Put Parquet, JSON-lines or CSV files into it, or name those to read in `data_files`."
_SAVED = "state.json"
"""What `save_to_disk` of the package datasets leaves in the folder of a single split."""
_RESAVE = (
    "Write it as Parquet with `datasets.load_from_disk('{folder}').to_parquet('train.parquet')`, "
    "and name a folder that holds that file."
)


@dataclass(frozen=True)
class HubDataset:
    """Name a dataset of the Hub, or a local folder that is laid out like one."""

    repo: str
    """An id such as `google/xquad`, or a folder; `$VARIABLE`s and `~` are resolved."""
    revision: str | None
    """A commit, which is taken as it is; a branch or tag; None for the newest commit at the first load."""
    where: str
    """What to call it in a message."""
    hint: str = _ONLINE
    """What to do without network: which files are wanted and where from."""

    @cached_property
    def folder(self) -> Path | None:
        """The local folder that is meant, or None for an id of the Hub."""
        path = expanded(self.repo, self.where)
        if path.is_dir():
            return path
        if is_id(self.repo):
            return None
        raise DataError(
            where=self.where,
            expected="an id of the Hub or a folder",
            found=repr(self.repo),
            hint="Correct the id or the path.",
        )

    def commit(self) -> str:
        """Find the commit to read it at.

        Returns:
            A commit; for a branch, tag or None the one recorded at the first load on this machine, else the
            Hub's answer, which is recorded. Empty for a local folder.

        Raises:
            DataError: when the Hub must be asked and does not know the dataset or cannot be reached.
        """
        return "" if self.folder else self._repository.commit()

    def files(self) -> list[str]:
        """List its files.

        Returns:
            Names with `/` between levels, sorted.

        Raises:
            DataError: when the Hub does not know the dataset or cannot be reached.
        """
        if folder := self.folder:
            return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        return list(self._repository.look_up(self.commit()).files)

    def fetch(self, file: str) -> Path:
        """Bring one file to this machine, through the Hub's own cache.

        Args:
            file: its name in the dataset.

        Returns:
            The file; the network is not touched when it is cached.

        Raises:
            DataError: when there is no such file, or it is not cached and the Hub cannot be reached.
        """
        if folder := self.folder:
            if not (folder / file).is_file():
                raise missing(folder / file, self.hint)
            return folder / file
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        sha = self.commit()
        cached = try_to_load_from_cache(self.repo, file, revision=sha, repo_type="dataset")
        if isinstance(cached, str):
            return Path(cached)
        known = self._repository.look_up(sha).files
        if file not in known:
            raise unknown(f"{self.where}: {self.repo}", file, known)
        with self._repository.explained():
            return Path(
                hf_hub_download(self.repo, file, revision=sha, repo_type="dataset", etag_timeout=TIMEOUT)
            )

    def rows(
        self,
        config: str | None,
        split: str,
        data_files: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read the rows of one split.

        A folder holds data files (Parquet, JSON lines, CSV) and perhaps a README.md whose header names configs.

        Args:
            config: which of its configs; None where there is one.
            split: such as `train`.
            data_files: names or patterns of the files to read, where the dataset's own layout does not do;
                they are then all of the split.
            columns: those that are read of each row, where the dataset has them all; None for every column.

        Returns:
            The rows in their order. The split is downloaded whole, once, and read from the disk as it is used.

        Raises:
            DataError: when there is no such dataset, config, split or file, the dataset is a script, a file is
                broken, or the Hub cannot be reached.
        """
        import datasets

        if not sys.stderr.isatty():
            datasets.disable_progress_bars()
        if data_files:
            paths = [str(self.fetch(name)) for pattern in data_files for name in self._matching(pattern)]
            folder = str(Path(paths[0]).parent)
            load = partial(datasets.load_dataset, folder, data_files={split: paths})
        elif self.folder:
            load = partial(datasets.load_dataset, str(self.folder))
        else:
            return map(dict, _selected(self._of_commit(config, split), columns))
        with self._explained_files(data_files):
            return map(dict, _selected(load(name=config, split=split), columns))

    @property
    def _repository(self) -> Repository:
        return Repository(self.repo, self.revision, "dataset", self.where, self.hint)

    def _of_commit(self, config: str | None, split: str) -> "Dataset":
        import datasets

        sha = self.commit()
        load = partial(datasets.load_dataset, self.repo, config, split=split, revision=sha)
        try:
            self._repository.look_up(sha)  # or loading tries for a minute to reach a missing Hub
        except DataError:
            kept = _kept(load, sha)
            if kept is None:
                raise
            return kept
        with self._repository.explained():
            return load()

    def _matching(self, pattern: str) -> list[str]:
        if not set(pattern) & set("*?["):
            return [pattern]
        known = self.files()
        names = [name for name in known if PurePosixPath(f"/{name}").match(f"/{pattern}")]
        if not names:
            raise unknown(f"{self.where}: data_files of {self.repo}", pattern, known)
        return names

    def _explained_files(self, data_files: Sequence[str] | None) -> AbstractContextManager[None]:
        """Guard the reading of files on this machine, where the network is no help."""
        folder = self.folder
        if not folder:
            return self._repository.explained()
        saved = not data_files and (folder / _SAVED).is_file()
        hint = _RESAVE.format(folder=folder) if saved else _READABLE
        return explained_faults(self.where, f"data files in the folder {folder}", hint)


def _selected(dataset: "Dataset", columns: Sequence[str] | None) -> "Dataset":
    """Leave out what nobody asked for: another column may be large, or hold what cannot be read."""
    if columns is None or not set(columns) <= set(dataset.column_names):
        return dataset
    return dataset.select_columns(list(columns))


def _kept(load: Callable[[], "Dataset"], sha: str) -> "Dataset | None":
    """Return what an earlier load left on the disk, if it is of that commit."""
    import datasets

    before, datasets.config.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE, True
    try:
        dataset = load()
    except (ConnectionError, ValueError):
        return None
    finally:
        datasets.config.HF_HUB_OFFLINE = before
    return dataset if all(sha in Path(file["filename"]).parts for file in dataset.cache_files) else None
