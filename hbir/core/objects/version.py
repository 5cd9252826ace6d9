"""Tell which version of an object a store has, without reading it."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from hbir.core.errors import DataError
from hbir.core.files import read_json
from hbir.core.hashing import digest
from hbir.core.objects.faults import connected, explained
from hbir.core.objects.urls import WEB, scheme_of
from hbir.core.paths import INPUTS
from hbir.core.watched import running_stage

_CONTENT = ("md5Hash", "ETag", "etag", "Content-MD5")
"""What stores call a mark of the content, the best first: it stays where the same bytes are written again."""
_TIMES = ("LastModified", "last_modified", "Last-Modified", "updated", "mtime", "created")
"""What they call the time of the last change, for those without such a mark."""


class Version(NamedTuple):
    """Name a version of an object, or of all that is below a folder."""

    files: Mapping[str, int]
    """Name below the URL → bytes; the name is empty where the URL is that of an object."""
    digest: str
    """SHA-256 in hexadecimal of names, sizes and marks."""

    @property
    def said(self) -> str:
        """Return it in words."""
        objects = f"{len(self.files)} objects of " if "" not in self.files else ""
        return f"{objects}{sum(self.files.values()):,} bytes, version {self.digest[:8]}"


def version_of(url: str) -> Version:
    """Ask a store which version it has.

    Args:
        url: of an object, or of a folder of them.

    Returns:
        The version, which changes whenever a byte does.

    Raises:
        DataError: when there is none, it may not be read, or the store cannot be reached; or it does not say
            what tells versions apart.
        ParamsError: when the package that reads it is not installed.
    """
    system, path = connected(url)
    with explained(url):
        system.invalidate_cache()
        found = system.info(path)
        if found["type"] != "directory":
            listed = {"": found}
        else:
            listed = _below(url, path, system.find(path, detail=True))
    if not listed:
        raise DataError(where=url, expected="a folder of objects", found="an empty one", hint="Fill it.")
    facts = [f"{name} {info.get('size')} {_mark(url, info)}" for name, info in listed.items()]
    sizes = {name: int(info.get("size") or 0) for name, info in listed.items()}
    return Version(sizes, digest("\n".join(facts)))


def recorded(url: str) -> str | None:
    """Find the version that the stage `inputs` saw.

    Args:
        url: as in params.yaml.

    Returns:
        Its digest; None where no stage names it.
    """
    for path in sorted(INPUTS.glob("*.json")):
        known = read_json(path)
        if isinstance(known, dict) and url in known:
            return str(known[url])
    return None


def require_recorded(url: str, version: Version) -> None:
    """Make sure that a stage reads what its outputs will be filed under.

    Args:
        url: as in params.yaml.
        version: what the store has now.

    Raises:
        DataError: when DVC runs this command, and the stage `inputs` has seen another version.
    """
    if running_stage() in (None, "inputs"):
        return
    seen = recorded(url)
    if seen is not None and seen != version.digest:
        raise DataError(
            where=url,
            expected=f"the version {seen[:8]} that the stage inputs has seen",
            found=version.said,
            hint="Run `python -m hbir repro`, which looks at it again before anything else.",
        )


def _below(url: str, path: str, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Name objects by their place below a folder, but for hidden ones; a name must not lead out of it."""
    listed = {}
    for full, info in sorted(found.items()):
        name = full.removeprefix(path.rstrip("/") + "/")
        parts = PurePosixPath(name).parts
        if ".." in parts or "\\" in name or name.startswith("/"):
            expected = "names that are paths below the folder"
            raise DataError(where=url, expected=expected, found=name, hint="Give the object another name.")
        if info["type"] == "file" and not name.endswith("/") and not any(part[0] == "." for part in parts):
            listed[name] = info
    return listed


def _mark(url: str, info: Mapping[str, Any]) -> str:
    for key in (*_CONTENT, *_TIMES):
        if info.get(key):
            return str(info[key])
    raise DataError(
        where=url,
        expected=f"an answer that says which version it is ({', '.join(_CONTENT[1:2] + _TIMES[2:3])})",
        found=f"none that {'a web server' if scheme_of(url) in WEB else 'the store'} gives",
        hint="Copy it to this machine, below data/sources or data/benchmarks.",
    )
