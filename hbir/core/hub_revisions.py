"""Find the commit of a dataset or model of the Hugging Face Hub, once, so that it never moves."""

import logging
import re
from functools import cache
from typing import Literal, NamedTuple

from filelock import FileLock

from hbir.core.files import read_json, write_json
from hbir.core.hub_faults import told
from hbir.core.record import main_root

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


def is_id(name: str) -> bool:
    """Tell whether a name has the form of an id of the Hub.

    Args:
        name: such as `google/xquad`.

    Returns:
        Whether it may be one; a path with `./` or more levels is none.
    """
    return bool(_ID.fullmatch(name)) and "--" not in name and ".." not in name


def commit_of(
    repo: str, revision: str | None, where: str, hint: str, kind: Kind, held: str | None = None
) -> str:
    """Find the commit to read a repository at, and log it once.

    Args:
        repo: an id of the Hub.
        revision: a commit, which is taken as it is; a branch or tag; None for the newest commit.
        where: what to call the repository in a message.
        hint: what to do without network.
        kind: what the repository holds.
        held: the commit that this machine has of it already.

    Returns:
        A commit; for a branch, tag or None the one recorded at the first load on this machine, else the held
        one or the Hub's answer, which is recorded.

    Raises:
        DataError: when the Hub must be asked and does not know it or cannot be reached.
    """
    pinned = revision and _COMMIT.fullmatch(revision)
    sha = str(revision) if pinned else _recorded(repo, revision, where, hint, kind, held)
    _tell(where, repo, sha)
    return sha


def look_up(repo: str, revision: str | None, where: str, hint: str, kind: Kind) -> Revision:
    """Ask the Hub for a revision, once per process.

    Args:
        repo: an id of the Hub.
        revision: a commit, branch or tag; None for the newest commit.
        where: what to call the repository in a message.
        hint: what to do without network.
        kind: what the repository holds.

    Returns:
        Its commit and files.

    Raises:
        DataError: when the Hub does not know it or cannot be reached.
    """
    with told(repo, where, hint, kind):
        return asked(repo, revision, kind)


@cache
def asked(repo: str, revision: str | None, kind: Kind) -> Revision:
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
def _tell(where: str, repo: str, sha: str) -> None:
    """Say it once, however many files are fetched."""
    logger.info("%s: %s at %s", where, repo, sha)


def _recorded(repo: str, revision: str | None, where: str, hint: str, kind: Kind, held: str | None) -> str:
    key = f"{kind}s/{repo}@{revision}" if revision else f"{kind}s/{repo}"
    path = main_root() / ".hbir" / REVISIONS
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        known: dict[str, str] = read_json(path) if path.is_file() else {}
        if key not in known:
            known[key] = held or look_up(repo, revision, where, hint, kind).sha
            write_json(path, known)
    return known[key]
