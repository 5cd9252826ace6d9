"""Mend what DVC loses where two of its processes start or end at once: names, and entries of its list.

`dvc exp run --temp` puts an experiment onto a list, looks at the first of that list, and takes it off, each in
a step of its own. Of two processes that looked at the same one, the second finds it gone. It runs it all the
same, but without its name, and as if it had started from the entry of the list (seen on a busy machine, and
made again by slowing DVC down).
"""

import re
from collections.abc import Collection
from pathlib import Path

from hbir.core.errors import DataError
from hbir.reporting.git import Experiment, git, list_experiments

_LIST = "refs/exps/stash"
_ENTRY = re.compile(r"dvc-exp:\w+:(?P<baseline>\w+):(?P<name>[^:\s]+)")
"""How DVC describes what it puts there: what it came from, what it starts from, its name."""
_RAN = re.compile(r"^Ran experiment\(s\): (.+)$", flags=re.MULTILINE)
_LOCKED = ("Unable to acquire lock", "is busy, it is being blocked by")


def is_locked_out(log: str) -> bool:
    """Tell whether DVC failed for another of its processes.

    `--wait-for-lock` waits for the lock of the project alone. Those of DVC's list and of its references are
    given up after three seconds, or at once.

    Args:
        log: what it said.

    Returns:
        Whether it may succeed when it is begun again.
    """
    return any(words in line for line in log.splitlines() if line.startswith("ERROR: ") for words in _LOCKED)


def give_names_back(root: Path, log: str) -> dict[str, str]:
    """Name the experiments that DVC ran without their names.

    Args:
        root: the project's folder.
        log: what `dvc exp run` said; only those that it ran are looked at.

    Returns:
        The name that DVC made up → the name that was asked for. Where that one is there, the other was the same
        once more, and is removed.
    """
    names = {name for line in _RAN.findall(log) for name in line.split(", ")}
    found = {}
    for one in list_experiments(root):
        if one.name in names and (entry := _entry(root, one)) is not None:
            _rename(root, one, entry["baseline"], entry["name"])
            found[one.name] = entry["name"]
    return found


def forget(root: Path, names: Collection[str]) -> list[str]:
    """Take entries off DVC's list that a killed process left there; the next one would run them too.

    Args:
        root: the project's folder.
        names: of experiments that nobody starts at the moment.

    Returns:
        The names of those that were there.
    """
    try:
        lines = git(root, "reflog", "show", "--format=%gs", _LIST, "--").splitlines()
    except DataError:
        return []  # there is no list
    entries = [_ENTRY.search(line) for line in lines]
    left = [place for place, entry in enumerate(entries) if entry and entry["name"] in names]
    for place in reversed(left):
        git(root, "reflog", "delete", "--updateref", "--rewrite", f"{_LIST}@{{{place}}}")
    if left and len(left) == len(lines):
        git(root, "update-ref", "-d", _LIST)
    return [str(entry["name"]) for entry in entries if entry and entry["name"] in names]


def _entry(root: Path, experiment: Experiment) -> re.Match[str] | None:
    """Find the entry that an experiment started from; one that kept its name started from a commit of ours."""
    return _ENTRY.match(git(root, "log", "-1", "--format=%s", experiment.baseline))


def _rename(root: Path, experiment: Experiment, baseline: str, name: str) -> None:
    wanted = f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}"
    if wanted not in _references(root):
        message = git(root, "log", "-1", "--format=%B", experiment.commit)
        tree = f"{experiment.commit}^{{tree}}"
        commit = git(root, "commit-tree", tree, "-p", baseline, "-m", message.strip()).strip()
        git(root, "update-ref", wanted, commit)
    lost = f"refs/exps/{experiment.baseline[:2]}/{experiment.baseline[2:]}/{experiment.name}"
    git(root, "update-ref", "-d", lost)


def _references(root: Path) -> list[str]:
    return git(root, "for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
