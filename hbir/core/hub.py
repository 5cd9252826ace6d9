"""Read datasets of the Hugging Face Hub, or local folders laid out like one, at a revision that never moves."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hbir.core.errors import DataError
from hbir.core.hub_faults import told
from hbir.core.hub_revisions import TIMEOUT, commit_of, is_id, look_up
from hbir.core.lines import expanded, missing
from hbir.core.params import unknown

if TYPE_CHECKING:
    from datasets import Dataset

_HINT = "Connect to the network, or put the files into a local folder and name that."


def resolve(repo: str, revision: str | None, where: str, hint: str = _HINT) -> str:
    """Find the commit to read a dataset at.

    Args:
        repo: an id of the Hub such as `google/xquad`, or a local folder.
        revision: a commit, which is taken as it is; a branch or tag; None for the newest commit.
        where: what to call the dataset in a message.
        hint: what to do without network.

    Returns:
        A commit; for a branch, tag or None the one recorded at the first load on this machine, else the Hub's
        answer, which is recorded. Empty for a local folder.

    Raises:
        DataError: when the Hub must be asked and does not know the dataset or cannot be reached.
    """
    if _folder(repo, where):
        return ""
    return commit_of(repo, revision, where, hint, "dataset")


def files(repo: str, revision: str | None, where: str, hint: str) -> list[str]:
    """List the files of a dataset.

    Args:
        repo: an id of the Hub, or a local folder.
        revision: as for `resolve`.
        where: what to call the dataset in a message.
        hint: what to do without network: which files are wanted and where from.

    Returns:
        Names with `/` between levels, sorted.

    Raises:
        DataError: when the Hub does not know the dataset or cannot be reached.
    """
    if folder := _folder(repo, where):
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return list(look_up(repo, resolve(repo, revision, where, hint), where, hint, "dataset").files)


def fetch(repo: str, file: str, revision: str | None, where: str, hint: str) -> Path:
    """Bring one file of a dataset to this machine, through the Hub's own cache.

    Args:
        repo: an id of the Hub, or a local folder.
        file: its name in the dataset.
        revision: as for `resolve`.
        where: what to call the dataset in a message.
        hint: what to do without network: which files are wanted and where from.

    Returns:
        The file; the network is not touched when it is cached.

    Raises:
        DataError: when there is no such file, or it is not cached and the Hub cannot be reached.
    """
    if folder := _folder(repo, where):
        if not (folder / file).is_file():
            raise missing(folder / file, hint)
        return folder / file
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    sha = resolve(repo, revision, where, hint)
    cached = try_to_load_from_cache(repo, file, revision=sha, repo_type="dataset")
    if isinstance(cached, str):
        return Path(cached)
    known = look_up(repo, sha, where, hint, "dataset").files
    if file not in known:
        raise unknown(f"{where}: {repo}", file, known)
    with told(repo, where, hint):
        return Path(hf_hub_download(repo, file, revision=sha, repo_type="dataset", etag_timeout=TIMEOUT))


def rows(
    repo: str,
    config: str | None,
    split: str,
    revision: str | None,
    where: str,
    hint: str,
    data_files: Sequence[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Read the rows of one split of a dataset.

    Args:
        repo: an id of the Hub, or a local folder with data files (Parquet, JSON lines, CSV) and perhaps a
            README.md whose header names configs.
        config: which of its configs; None where there is one.
        split: such as `train`.
        revision: as for `resolve`.
        where: what to call the dataset in a message.
        hint: what to do without network: which files are wanted and where from.
        data_files: names or patterns of the files to read, where the dataset's own layout does not do;
            they are then all of the split.

    Returns:
        The rows in their order. The split is downloaded whole, once, and read from the disk as it is used.

    Raises:
        DataError: when there is no such dataset, config, split or file, the dataset is a script, a file is
            broken, or the Hub cannot be reached.
    """
    import datasets

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    folder = _folder(repo, where)
    if data_files:
        paths = _fetched(repo, data_files, revision, where, hint)
        load = partial(datasets.load_dataset, str(paths[0].parent), data_files={split: list(map(str, paths))})
    elif folder:
        load = partial(datasets.load_dataset, str(folder))
    else:
        sha = resolve(repo, revision, where, hint)
        return map(dict, _of_commit(repo, sha, config, split, where, hint))
    with told(repo, where, hint):
        return map(dict, load(name=config, split=split))


def _of_commit(repo: str, sha: str, config: str | None, split: str, where: str, hint: str) -> "Dataset":
    import datasets

    load = partial(datasets.load_dataset, repo, config, split=split, revision=sha)
    try:
        look_up(repo, sha, where, hint, "dataset")  # or loading tries for a minute to reach a missing Hub
    except DataError:
        kept = _kept(load, sha)
        if kept is None:
            raise
        return kept
    with told(repo, where, hint):
        return load()


def _fetched(repo: str, patterns: Sequence[str], revision: str | None, where: str, hint: str) -> list[Path]:
    """Bring the data files here, so that a script beside them does not matter."""
    names = [name for pattern in patterns for name in _matching(repo, pattern, revision, where, hint)]
    return [fetch(repo, name, revision, where, hint) for name in names]


def _matching(repo: str, pattern: str, revision: str | None, where: str, hint: str) -> list[str]:
    if not set(pattern) & set("*?["):
        return [pattern]
    known = files(repo, revision, where, hint)
    names = [name for name in known if PurePosixPath(f"/{name}").match(f"/{pattern}")]
    if not names:
        raise unknown(f"{where}: data_files of {repo}", pattern, known)
    return names


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


def _folder(repo: str, where: str) -> Path | None:
    """Return the local folder that is meant, or None for an id of the Hub."""
    path = expanded(repo, where)
    if path.is_dir():
        return path
    if is_id(repo):
        return None
    raise DataError(
        where=where,
        expected="an id of the Hub or a folder",
        found=repr(repo),
        hint="Correct the id or the path.",
    )
