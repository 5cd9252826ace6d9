"""Find the commit of a dataset or model of the Hugging Face Hub, once, so that it never moves."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from filelock import FileLock

from hbir.core.errors import DataError
from hbir.core.files import read_json, require_writable, write_json
from hbir.core.hub.faults import explained_faults
from hbir.core.machine import main_root

logger = logging.getLogger(__name__)
Kind = Literal["dataset", "model"]
REVISIONS = "revisions.json"
"""Below `.hbir` of the main repository: what was the newest commit when a repository was first loaded."""
TIMEOUT = 10.0
"""Seconds within which the Hub must answer; its own client would try for a minute."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


class Revision(NamedTuple):
    """Hold what the Hub says of a repository at a revision."""

    sha: str
    """The commit, 40 hexadecimal digits."""
    files: tuple[str, ...]
    """Names of its files, sorted."""


@dataclass(frozen=True)
class Repository:
    """Name a repository of the Hub, and say what to tell the user when it cannot be read."""

    id: str
    """Such as `google/xquad`."""
    revision: str | None
    """A commit, which is taken as it is; a branch or tag; None for the newest commit."""
    kind: Kind
    """What it holds."""
    where: str
    """What to call it in a message."""
    hint: str
    """What to do without network."""

    def commit(self, cached: str | None = None) -> str:
        """Find the commit to read it at, and log it once.

        Args:
            cached: the commit that this machine has of it already.

        Returns:
            A commit; for a branch, tag or None the one recorded at the first load on this machine, else the
            cached one or the Hub's answer, which is recorded.

        Raises:
            DataError: when the Hub must be asked and does not know it or cannot be reached.
        """
        pinned = self.revision and _COMMIT.fullmatch(self.revision)
        sha = str(self.revision) if pinned else self._recorded(cached)
        _announce(self.where, self.id, sha)
        return sha

    def look_up(self, revision: str | None) -> Revision:
        """Ask the Hub for a revision, once per process.

        Args:
            revision: a commit, branch or tag; None for the newest commit.

        Returns:
            Its commit and files.

        Raises:
            DataError: when the Hub does not know it or cannot be reached.
        """
        with self.explained():
            return ask_hub(self.id, revision, self.kind)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Guard a call of the Hub's packages.

        Yields:
            Nothing.

        Raises:
            DataError: for every fault of the network, of the Hub, of a name or of a file.
        """
        with explained_faults(self.where, f"the {self.kind} {self.id}", self.hint):
            yield

    def _recorded(self, cached: str | None) -> str:
        key = f"{self.kind}s/{self.id}@{self.revision}" if self.revision else f"{self.kind}s/{self.id}"
        path = main_root() / ".hbir" / REVISIONS
        try:
            require_writable(path)
        except DataError as error:
            text = "%s: its commit is not recorded, since %s cannot be written (%s)"
            logger.warning(text, self.where, path, error.found)
            known = read_json(path) if path.is_file() else {}
            return str(known.get(key) or cached or self.look_up(self.revision).sha)
        with FileLock(path.with_suffix(".lock")):
            known = read_json(path) if path.is_file() else {}
            if key not in known:
                known[key] = cached or self.look_up(self.revision).sha
                write_json(path, known)
        return str(known[key])


def is_id(name: str) -> bool:
    """Tell whether a name has the form of an id of the Hub.

    Args:
        name: such as `google/xquad`.

    Returns:
        Whether it may be one; a path with `./` or more levels is none.
    """
    return bool(_ID.fullmatch(name)) and "--" not in name and ".." not in name


@cache
def ask_hub(repo: str, revision: str | None, kind: Kind) -> Revision:
    """Ask the Hub, and remember the answer as long as the process runs.

    Args:
        repo: an id of the Hub.
        revision: a commit, branch or tag; None for the newest commit.
        kind: what the repository holds.

    Returns:
        Its commit and files.
    """
    from huggingface_hub import HfApi

    info = HfApi().repo_info(repo, revision=revision, repo_type=kind, timeout=TIMEOUT)
    names = sorted(file.rfilename for file in info.siblings or ())
    return Revision(str(info.sha), tuple(names))


@cache
def _announce(where: str, repo: str, sha: str) -> None:
    """Say it once, however many files are fetched."""
    logger.info("%s: %s at %s", where, repo, sha)
