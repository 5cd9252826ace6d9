"""List what lies in `.hbir` and in the folder of kept embeddings, and which of it nothing names any more."""

import contextlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from hbir.core.errors import DataError
from hbir.core.files import read_json
from hbir.core.hashing import file_digest
from hbir.core.objects.copies import COPIES, copies_of
from hbir.core.paths import PAIRS
from hbir.core.spill import SPILL, left_behind

EMBEDDINGS = "embeddings"
_INDEX = ("meta.json", "begun.json")
"""What a folder of embeddings says about itself, whole or begun."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Say what one file or folder is."""

    kind: str
    path: Path
    size: int
    """Bytes."""
    is_named: bool
    """Whether something in the project still names it."""

    def remove(self) -> None:
        """Remove it."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()


@dataclass(frozen=True, kw_only=True)
class Names:
    """Say what the project names."""

    languages: Collection[str]
    """Of params.yaml."""
    samplers: Collection[str]
    """Those that are trained."""
    memory: Path
    """Folder of translations."""
    embeddings: Path
    """Folder of kept embeddings."""
    encoders: Callable[[], Collection[str]]
    """Returns the fingerprints of the project's models in every precision; asked only where some are kept."""
    tokens: Callable[[], str | None]
    """Returns the name of the token ids of the current pairs and encoder; asked only where some are kept."""
    objects: Callable[[], Collection[str]] = tuple
    """Returns the URLs that params.yaml names; asked only where there are copies of objects."""


def kept(root: Path, names: Names) -> list[Kept]:
    """List everything that may be removed.

    Args:
        root: the main repository.
        names: what the project names.

    Returns:
        The files and folders, by kind. What a running process uses counts as named.
    """
    home, encoders = root / ".hbir", cache(names.encoders)
    return [
        *_of_languages("translations", names.memory, ".sqlite", names.languages),
        *_of_languages("rejected", home / "rejected", ".jsonl", names.languages),
        *_checkpoints(home / "checkpoints", names.samplers),
        *_single("tokens", home / "tokens", names.tokens),
        *_single("texts", home / "texts", lambda: file_digest(PAIRS)[:16] if PAIRS.is_file() else None),
        *_embeddings(names.embeddings, encoders),
        *_indexes(home / "indexes", encoders),
        *_objects(root / COPIES, names.objects),
        *(_kept("spill", path, False) for path in left_behind(root / SPILL)),
    ]


def size_of(path: Path) -> int:
    """Add up what a file or folder takes.

    Args:
        path: of it.

    Returns:
        Bytes.
    """
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _kept(kind: str, path: Path, is_named: bool) -> Kept:
    return Kept(kind=kind, path=path, size=size_of(path), is_named=is_named or _is_in_use(path))


def _of_languages(kind: str, folder: Path, ending: str, languages: Collection[str]) -> Iterator[Kept]:
    for path in sorted(folder.glob(f"*{ending}")):
        name = path.name.removesuffix(ending)
        # The file of sentences' places belongs to all languages.
        yield _kept(kind, path, name in languages or name.startswith("sentences"))


def _checkpoints(folder: Path, samplers: Collection[str]) -> Iterator[Kept]:
    """List checkpoints; the last one of a sampler that is trained may still be resumed.

    Which is the last nobody knows where one is of the future, as the clock was set back since.
    """
    found = sorted((path for path in folder.glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime)
    last = {path.name.rpartition("-")[0]: path for path in found}
    unsure = {sampler for sampler, path in last.items() if path.stat().st_mtime > time.time()}
    for path in sorted(found):
        sampler = path.name.rpartition("-")[0]
        yield _kept("checkpoints", path, sampler in samplers and (last[sampler] == path or sampler in unsure))


def _single(kind: str, folder: Path, name: Callable[[], str | None]) -> Iterator[Kept]:
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    current = name() if found else None
    for path in found:
        yield _kept(kind, path, path.name == current)


def _embeddings(folder: Path, encoders: Callable[[], Collection[str]]) -> Iterator[Kept]:
    found = sorted({path.parent for name in _INDEX for path in folder.rglob(name)})
    current = encoders() if found else ()
    for path in found:
        yield _kept(EMBEDDINGS, path, _encoder(path) in current)


def _indexes(folder: Path, encoders: Callable[[], Collection[str]]) -> Iterator[Kept]:
    """List what `search` keeps; of which file of passages it was nobody knows, so the encoder decides alone."""
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    current = encoders() if found else ()
    for path in found:
        yield _kept("indexes", path, _encoder(path) in current)


def _objects(folder: Path, urls: Callable[[], Collection[str]]) -> Iterator[Kept]:
    """List copies of objects; of a URL that is named the last version stays."""
    whole = [path for path in folder.glob("[!.]*") if path.is_dir()]
    found = sorted(whole, key=lambda path: path.stat().st_mtime)
    current = {copies_of(url) for url in urls()} if found else set()
    last = {path.name.partition("-")[0]: path for path in found}
    for path in sorted(found):
        url = path.name.partition("-")[0]
        yield _kept("objects", path, url in current and last[url] == path)


def _encoder(folder: Path) -> str | None:
    for name in _INDEX:
        with contextlib.suppress(DataError):
            meta = read_json(folder / name)
            return meta.get("encoder") if isinstance(meta, dict) else None
    return None


def _is_in_use(path: Path) -> bool:
    """Tell whether a process holds a lock of it, beside it or within."""
    locks = [lock for lock in (path.with_suffix(".lock"), path / "lock") if lock.is_file()]
    for lock in locks:
        try:
            with FileLock(lock, timeout=0):
                pass
        except Timeout:
            return True
    return False
