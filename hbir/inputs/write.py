"""Write for each stage the digests of the files that it reads."""

import logging
from collections.abc import Iterable
from pathlib import Path

from hbir.core.errors import DataError, HbirError
from hbir.core.files import read_json, write_json
from hbir.core.objects.urls import is_url
from hbir.core.objects.version import version_of
from hbir.core.paths import INPUTS
from hbir.core.watched import located
from hbir.inputs.digests import Digests
from hbir.inputs.named import CONSUMERS, NamedPath

logger = logging.getLogger(__name__)


def write_inputs(named: Iterable[NamedPath], digests: Digests) -> dict[str, dict[str, str]]:
    """Write data/inputs/STAGE.json for every stage that reads a user's files.

    Args:
        named: the paths of params.yaml.
        digests: what takes them.

    Returns:
        Stage → path or URL → digest, as written.

    Raises:
        DataError: when a path is neither here nor known from an earlier run, or a URL cannot be read and is not
            known either.
        ParamsError: when a folder is a link.
    """
    known = {stage: _read(stage) for stage in CONSUMERS}
    found: dict[str, dict[str, str]] = {stage: {} for stage in CONSUMERS}
    for stage, where, written in named:
        if is_url(written):
            found[stage][written] = _version(where, written, known[stage].get(written))
        elif located(Path(written)).exists():
            found[stage][written] = digests.of(written, where)
        elif written in known[stage]:
            logger.warning(
                "%s: %s is not here; what was made from it stays, and a stage that must read it will fail.",
                where,
                written,
            )
            found[stage][written] = known[stage][written]
        else:
            raise _absent(where, written)
    digests.save()
    for stage, paths in found.items():
        write_json(INPUTS / f"{stage}.json", paths)
    return found


def _version(where: str, url: str, known: str | None) -> str:
    """Ask for the version of an object, of which the content is not read."""
    try:
        return version_of(url).digest
    except HbirError as error:
        if known is None:
            raise
        logger.warning("%s: %s What was made from it stays; a stage that must read it will fail.", where, error)
        return known


def _read(stage: str) -> dict[str, str]:
    path = INPUTS / f"{stage}.json"
    known = read_json(path) if path.is_file() else {}
    return known if isinstance(known, dict) else {}


def _absent(where: str, written: str) -> DataError:
    dangling = Path(written).is_symlink()
    there = [item.name for item in sorted(Path(written).parent.glob("[!.]*")) if item.name != "README.md"]
    listed = f"; beside it: {', '.join(there[:10])}" if there else ""
    return DataError(
        where=where,
        expected=f"the file or folder {written}",
        found="a link whose target is gone" if dangling else f"none{listed}",
        hint="Correct the path, put it there (`python -m hbir link` does that without a copy), or `dvc pull`.",
    )
