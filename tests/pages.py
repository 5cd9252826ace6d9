"""Read the pages of the documentation: their prose, their blocks of code and the commands in these."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TUTORIAL = ROOT / "docs/tutorial.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("data/*/README.md"),
        *ROOT.glob("studies/*.md"),
    ]
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """Hold one fenced block."""

    language: str
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """List a page's blocks, of some languages or of all."""
    found = [Block(*match) for match in _BLOCK.findall(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """Return a page without its blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def commands(block: Block) -> Iterator[list[str]]:
    """Split a block into its commands, comments left out; `$ ` begins those of a console block."""
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        if block.language == "console" and not line.startswith("$ "):
            continue
        for part in line.removeprefix("$ ").split(" && "):
            words = shlex.split(part, comments=True)
            if words:
                yield words


def settings(page: Path) -> list[dict[str, Any]]:
    """Return what the YAML blocks of a page set in params.yaml."""
    return [YAML(typ="safe", pure=True).load(block.text) for block in blocks(page, "yaml")]


def merged(target: Any, changes: dict[str, Any]) -> Any:
    """Return nested mappings with some values changed."""
    copy = dict(target)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(copy.get(key), dict)
        copy[key] = merged(copy[key], value) if nested else value
    return copy
