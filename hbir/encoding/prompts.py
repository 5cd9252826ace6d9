"""Find the prompts that an encoder was published with, under whatever names."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from hbir.core.model_folder import ST_CONFIG, read_config

logger = logging.getLogger(__name__)
Side = Literal["query", "document"]
SIDES: tuple[Side, Side] = ("query", "document")
_NAMES: dict[Side, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}
"""By side, the names that sentence-transformers looks for, in its order."""
_WORDS: dict[Side, set[str]] = {
    "query": {"query", "queries", "question", "questions"},
    "document": {"document", "documents", "doc", "docs", "passage", "passages", "corpus"},
}
"""By side, what other names are made of, as in `retrieval.query` or `search_document`."""
_PLURAL: dict[Side, str] = {"query": "queries", "document": "passages"}
_RETRIEVAL = {"retrieval", "search", "ir", "s2p"}
"""Words that tell a prompt for retrieval from those for other tasks."""


def published_prompts(folder: Path, where: str) -> dict[str, str] | None:
    """Read the prompts that an encoder was saved with.

    Names that sentence-transformers does not look for are found too, and the log says which were taken.

    Args:
        folder: its files.
        where: what to call the model in a message.

    Returns:
        Those of queries and passages, empty ones included; None where it names neither.
    """
    config = read_config(folder / ST_CONFIG, where) if (folder / ST_CONFIG).is_file() else {}
    named: dict[str, str] = {name: text or "" for name, text in (config.get("prompts") or {}).items()}
    usual = {side: next((named[name] for name in _NAMES[side] if name in named), None) for side in SIDES}
    if any(usual.values()):  # the library writes empty ones of its own, which say nothing
        return {side: usual[side] or "" for side in SIDES}
    chosen = {side: _similar(named, side, where) or config.get("default_prompt_name") for side in SIDES}
    prompts: dict[str, str] = {side: named.get(name or "", "") for side, name in chosen.items()}
    for side, name in chosen.items():
        if prompts[side]:
            logger.info("%s: its prompt %r, %r, goes before %s", where, name, prompts[side], _PLURAL[side])
    return prompts if any(prompts.values()) or any(text is not None for text in usual.values()) else None


def _similar(named: Mapping[str, str], side: Side, where: str) -> str | None:
    """Return the name of a prompt that is meant for a side; of several none, and the log says so."""
    words = {name: set(re.split(r"[^a-z0-9]+", name.lower())) for name, text in named.items() if text}
    names = [name for name, parts in words.items() if parts & _WORDS[side]]
    names = [name for name in names if words[name] & _RETRIEVAL] or names
    if len({named[name] for name in names}) > 1:
        logger.warning(
            "%s: which of its prompts %s goes before %s is not clear, so none does; "
            "give it by `--%s-prompt` or in `encoder.prompts`",
            where,
            ", ".join(names),
            _PLURAL[side],
            side,
        )
        return None
    return names[0] if names else None
