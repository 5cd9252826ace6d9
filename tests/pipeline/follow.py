"""Follow a page as a reader does: run its commands in order, in a small project, and write its settings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.pages import Block, blocks, settings
from tests.pipeline.project import TINY, Clone, environment, make_clone

SMALL: dict[str, Any] = {
    "samplers": ["hybrid"],
    "batches": {"steps": 4},
    "encoder": TINY["encoder"],
    "train": TINY["train"],
    "tracking": TINY["tracking"],
    "threads": 1,
}
"""Instead of the steps and the encoder that the pages train with; all are trained, one is scored."""


class Replaced(NamedTuple):
    """Hold what is run instead of a command, and why."""

    by: str
    reason: str


REPLACED = {
    "source .venv/bin/activate": Replaced(
        "true", "every command has a shell of its own, and .venv on its PATH"
    ),
    "make test": Replaced("make --dry-run test", "this is one of its tests"),
    "make ui": Replaced("make track", "it serves until it is stopped; tests/tracking/test_ui.py opens it"),
    "python -m hbir benchmark cldr --model models/hybrid": Replaced(
        "python -m hbir benchmark cldr --model models/hybrid --lang de,en", "11 languages take too long"
    ),
}
"""All that no test runs as it is written."""


def make_project(root: Path) -> Clone:
    """Clone the project, small, with an installation that is ready, so that `make` does not make one."""
    clone = make_clone(root)
    clone.configure(**SMALL)
    programs_of_clone = root / ".venv/bin"
    programs_of_clone.mkdir(parents=True)
    for name in ("python", "dvc"):
        found = next(
            Path(folder, name) for folder in environment()["PATH"].split(":") if Path(folder, name).exists()
        )
        (programs_of_clone / name).symlink_to(found)
    (root / ".venv/.ready").touch()
    clone.commit("small")
    return clone


def lines(block: Block) -> Iterator[str]:
    """Return the commands of a console block as they are typed."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            yield line.removeprefix("$ ").partition("  #")[0].strip()


def follow(clone: Clone, page: Path, before: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Run the commands of a page, and write its first block of settings in between; others are alternatives.

    Args:
        clone: where.
        page: which.
        before: command → what the page's text, and no block of it, says to do before it.

    Returns:
        Command → what it printed.
    """
    shown: dict[str, str] = {}
    left = settings(page)[:1]
    for block in blocks(page, "console", "yaml", "python"):
        if block.language == "yaml" and left:
            clone.configure(**left.pop(0))
            clone.configure(**SMALL)
        elif block.language == "python":
            shown["python"] = clone.run("python", "-c", block.text).stdout
        elif block.language == "console":
            for line in lines(block):
                if before and line in before:
                    shell(clone, before[line])
                shown[line] = shell(clone, line)
    return shown


def shell(clone: Clone, line: str) -> str:
    """Run one line as it is typed, or what stands for it."""
    replaced = REPLACED.get(line)
    result = clone.run("bash", "-c", replaced.by if replaced else line)
    return result.stdout + result.stderr
