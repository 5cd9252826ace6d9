"""Say how much disk the embeddings of a corpus will take, before hours of embedding."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from hbir.core.errors import DataError
from hbir.retrieval.index import EMBEDDINGS, KEYS, bytes_of

log = logging.getLogger(__name__)


def require_room(home: Path, missing: Mapping[Path, int], dimension: int) -> None:
    """Tell the size of what will be kept, and refuse what the disk has no room for.

    Args:
        home: where embeddings are kept.
        missing: folder of each corpus that is not embedded yet, or not wholly → its passages.
        dimension: numbers per embedding.

    Raises:
        DataError: when there is too little room.
    """
    wanted = sum(bytes_of(count, dimension) for count in missing.values()) - sum(map(_begun, missing))
    if wanted <= 0:
        return
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    log.info("embeddings to be kept in %s: %s of %s that are free", home, _shown(wanted), _shown(free))
    if wanted > free:
        raise DataError(
            where=str(home),
            expected=f"room for embeddings of {_shown(wanted)}",
            found=_shown(free),
            hint="`python -m hbir clean` lists what may be removed; or name another folder, or none.",
        )


def _begun(folder: Path) -> int:
    """Return the bytes that an interrupted run has kept already."""
    files = [folder / name for name in (EMBEDDINGS, KEYS)]
    return sum(file.stat().st_size for file in files if file.is_file())


def _shown(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
