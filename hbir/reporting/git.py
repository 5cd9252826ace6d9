"""Read a project's committed files and its experiments from Git; it may lie anywhere in the repository."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAMLError

from hbir.core.errors import DataError
from hbir.core.yaml_text import parsed

_EXPERIMENT = re.compile(r"(\w+) refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/(\S+)")
"""A commit, the commit that the experiment started from in two parts, and its name."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Name one DVC experiment."""

    name: str
    commit: str
    baseline: str
    """The commit that it started from."""


def git(root: Path, *arguments: str) -> str:
    """Ask Git.

    Args:
        root: the project's folder.
        *arguments: of the command.

    Returns:
        What it printed.

    Raises:
        DataError: when there is no Git, or it refuses.
    """
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (
            error.stderr.decode(errors="replace") if isinstance(error, subprocess.CalledProcessError) else error
        )
        raise DataError(
            where=f"git {' '.join(arguments)}",
            expected="a Git repository that holds it",
            found=" ".join(str(said).split())[:200] or "none",
            hint="`dvc exp list` and `git log --oneline` show what there is.",
        ) from error
    return result.stdout.decode(errors="replace")


def list_experiments(root: Path) -> list[Experiment]:
    """List the DVC experiments of a repository, which are commits under references of their own.

    Args:
        root: the project's folder.

    Returns:
        Them all by name, those without scores too.

    Raises:
        DataError: when there is no Git repository.
    """
    lines = git(root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines()
    found = (_EXPERIMENT.fullmatch(line) for line in lines)
    experiments = [
        Experiment(name=match[4], commit=match[1], baseline=match[2] + match[3]) for match in found if match
    ]
    return sorted(experiments, key=lambda experiment: experiment.name)


def resolve(root: Path, name: str) -> str:
    """Find the commit of an experiment or a revision.

    Args:
        root: the project's folder.
        name: of an experiment, a branch or tag, or a commit.

    Returns:
        The commit, in full.

    Raises:
        DataError: when there is none, or two experiments have the name.
    """
    commits = sorted({experiment.commit for experiment in list_experiments(root) if experiment.name == name})
    if len(commits) > 1:
        raise DataError(
            where=f"experiment {name}",
            expected="one experiment of that name",
            found=f"{len(commits)}",
            hint=f"Name its commit instead: {', '.join(commit[:7] for commit in commits)}.",
        )
    try:
        return commits[0] if commits else git(root, "rev-parse", "--verify", f"{name}^{{commit}}").strip()
    except DataError as error:
        raise DataError(
            where=f"experiment {name}",
            expected="a DVC experiment or a Git revision",
            found="none",
            hint=error.hint,
        ) from error


def committed_text(root: Path, commit: str, name: str) -> str:
    """Read a committed file.

    Args:
        root: the project's folder.
        commit: any revision.
        name: relative to the project's folder.

    Returns:
        Its content.

    Raises:
        DataError: when the commit has no such file.
    """
    return git(root, "show", f"{commit}:./{name}")


def committed_data(root: Path, commit: str, name: str) -> dict[str, Any]:
    """Read a committed file of keys and values.

    Args:
        root: the project's folder.
        commit: any revision.
        name: relative to the project's folder, of a YAML or JSON file.

    Returns:
        Its content; nothing where it holds something else.

    Raises:
        DataError: when the commit has no such file, or it is broken.
    """
    text = committed_text(root, commit, name)
    try:
        content = json.loads(text) if name.endswith(".json") else parsed(text)
    except (ValueError, YAMLError) as error:
        raise DataError(
            where=f"{name} at commit {commit[:7]}",
            expected="a whole file",
            found=f"a broken {name}",
            hint="Remove that experiment with `dvc exp remove`, or name another.",
        ) from error
    return content if isinstance(content, dict) else {}


def committed_files(root: Path, commit: str, folder: str) -> list[str]:
    """List the committed files of a folder.

    Args:
        root: the project's folder.
        commit: any revision.
        folder: relative to the project's folder.

    Returns:
        Their names relative to the project's folder.
    """
    return git(root, "ls-tree", "-z", "--name-only", commit, f"./{folder}/").strip("\0").split("\0")


def code_commit(root: Path) -> str:
    """Name the commit that last changed code or params.

    Later commits of results and documents leave it as it is: what is written of one state has the same bytes
    before and after its results are committed.

    Args:
        root: the project's folder.

    Returns:
        The short commit, `, changed since` behind it where the folder differs; empty without Git.
    """
    parts = ("hbir", "stages", "params.yaml", "dvc.yaml")
    try:
        commit = git(root, "log", "-1", "--format=%h", "--", *parts).strip()
        changed = git(root, "status", "--porcelain", "--", *parts).strip()
    except DataError:
        return ""
    return f"{commit}, changed since" if commit and changed else commit
