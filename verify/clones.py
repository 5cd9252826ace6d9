"""Clone the repository, make it tiny, and reproduce it in some surroundings."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ruamel.yaml import YAML

from hbir.core.errors import DataError
from hbir.core.params import read_params
from hbir.core.paths import LOCK, PARAMS
from hbir.inputs.study import merge
from hbir.reporting.git import git
from verify.surroundings import Surroundings

TINY = Path(__file__).parent / "tiny.yaml"
LOG = "log"
_SHOWN = 600
"""Characters of a log that are shown where a clone fails."""


def make_clone(source: Path, base: Path, where: Surroundings) -> Path:
    """Clone what is committed, and change its params to the tiny ones.

    Args:
        source: a folder of the repository.
        base: a fresh folder for the clone and its homes.
        where: its surroundings.

    Returns:
        The folder of the clone, which belongs to the user of the surroundings.

    Raises:
        DataError: when the source is no repository.
    """
    root = base / where.folder
    for name in ("home", "tmp", "site"):
        (base / name).mkdir(parents=True, exist_ok=True)
    git(source, "clone", "--quiet", "--no-hardlinks", str(source.resolve()), str(root.resolve()))
    (root / LOCK).unlink(missing_ok=True)  # it names stages of other params, too
    yaml = YAML()
    yaml.width = 10_000
    params = yaml.load((root / PARAMS).read_text(encoding="utf-8"))
    merge(params, read_params(TINY))
    with (root / PARAMS).open("w", encoding="utf-8", newline="\n") as stream:
        yaml.dump(params, stream)
    if where.user:
        _give(base, where.user)
    return root


def reproduce(root: Path, base: Path, where: Surroundings, command: Sequence[str] = ("dvc", "repro")) -> None:
    """Run the whole pipeline in a clone.

    Args:
        root: the clone.
        base: the folder with its homes.
        where: its surroundings.
        command: a module and its arguments.

    Raises:
        DataError: when it fails.
    """
    with (base / LOG).open("wb") as log:
        ended = subprocess.run(
            [*where.prefix, sys.executable, "-m", *command],
            cwd=root,
            env=where.environment(base),
            umask=where.umask,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        said = (base / LOG).read_text(encoding="utf-8", errors="replace").split("\n")
        raise DataError(
            where=f"{' '.join(command)} in a clone ({where})",
            expected="a pipeline that runs to its end",
            found=" / ".join(line for line in said if line.strip() and "%|" not in line)[-_SHOWN:],
            hint=f"With `--keep FOLDER` the clone stays; its output is {base / LOG}.",
        )


def reproduce_all(source: Path, folder: Path, surroundings: Sequence[Surroundings]) -> list[Path]:
    """Clone and reproduce in several surroundings at once.

    Args:
        source: a folder of the repository.
        folder: a fresh one for the clones.
        surroundings: one for each clone.

    Returns:
        The folders of the clones, in this order.
    """
    bases = [folder / str(number) for number in range(1, len(surroundings) + 1)]
    roots = [make_clone(source, base, where) for base, where in zip(bases, surroundings, strict=True)]
    with ThreadPoolExecutor(len(roots)) as pool:
        list(pool.map(reproduce, roots, bases, surroundings))
    return roots


def _give(folder: Path, name: str) -> None:
    """Let a folder with all that is in it belong to a user."""
    user = pwd.getpwnam(name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
