"""Copy objects to this machine, for what is read several times or in any order; each version once."""

import logging
import shutil
from pathlib import Path, PurePosixPath

from filelock import FileLock

from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError
from hbir.core.files import atomic_folder
from hbir.core.hashing import digest
from hbir.core.machine import main_root
from hbir.core.objects.faults import changed, connected, explained
from hbir.core.objects.version import Version, require_recorded, version_of

logger = logging.getLogger(__name__)
COPIES = Path(".hbir") / "objects"
"""Below the main repository."""


def local_copy(url: str) -> Path:
    """Copy an object, or all that is below a folder, unless this version is here already.

    Args:
        url: a checked URL.

    Returns:
        The file or folder on this machine; it stays as it is, whatever is written to the store.

    Raises:
        DataError: when it cannot be read, changes meanwhile, is another version than the stage `inputs` has
            seen, or there is no room for it.
        ParamsError: when the package that reads it is not installed.
    """
    version = version_of(url)
    require_recorded(url, version)
    home = main_root() / COPIES
    place = home / f"{copies_of(url)}-{version.digest[:16]}"
    name = PurePosixPath(url.rstrip("/").partition("://")[2]).name or "copy"
    if not place.is_dir():
        with write_faults(home):
            home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f"{place.name}.lock"):
            if not place.is_dir():
                _copy(url, version, place, name)
    return place / name


def copies_of(url: str) -> str:
    """Return how the names of its copies begin.

    Args:
        url: as in params.yaml.

    Returns:
        16 hexadecimal digits.
    """
    return digest(url)[:16]


def _copy(url: str, version: Version, place: Path, name: str) -> None:
    size = sum(version.files.values())
    free = shutil.disk_usage(place.parent).free
    logger.info("copying %s to %s: %s", url, place, version.said)
    if size > free:
        raise DataError(
            where=url,
            expected=f"room for a copy of {size / 1e9:.2f} GB in {place.parent}",
            found=f"{free / 1e9:.2f} GB",
            hint="`python -m hbir clean` lists what may be removed.",
        )
    system, path = connected(url)
    with atomic_folder(place) as folder:
        for part in version.files:
            target = folder / name / part if part else folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with explained(url):
                system.get_file(f"{path.rstrip('/')}/{part}" if part else path, str(target))
        if (now := version_of(url)).digest != version.digest:
            raise changed(url, now.said)
