"""Find the pairs that do not pass the checks, and keep them where they can be looked at."""

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.translation.checks.checks import Checks

logger = logging.getLogger(__name__)
SIDES = ("query", "passage")
Texts = tuple[str, str]
"""Query and passage in one language."""
Rejected = dict[str, Any]
"""A pair's `pair_id`, `source` and `reason`, and of each side `english`, `translation` and its own `reason`."""


def find_rejected(english: pa.Table, translated: Mapping[int, Texts], checks: Checks) -> dict[int, Rejected]:
    """Check both sides of every pair.

    Args:
        english: a table with the columns ENGLISH.
        translated: `pair_id` → its texts in the language; pairs that are not there are passed over.
        checks: of the language; equal texts are checked once.

    Returns:
        `pair_id` → what is wrong; the reason of the pair is that of its query, or else of its passage.
    """
    reason = cache(checks.reason)
    rows = english.select(["pair_id", "source", *SIDES]).to_pylist()
    judged = (_judge(row, translated[row["pair_id"]], reason) for row in rows if row["pair_id"] in translated)
    return {pair["pair_id"]: pair for pair in judged if pair["reason"]}


def append_rejected(path: Path, rejected: Iterable[Rejected]) -> None:
    """Write rejected pairs behind those that are there already: a tenth of a large corpus is not held.

    Args:
        path: a file, one JSON object per line; it may not exist yet, and does not without any pair.
        rejected: the pairs.
    """
    lines = [json.dumps(pair, ensure_ascii=False) + "\n" for pair in rejected]
    if lines:
        with path.open("a", encoding="utf-8") as stream:
            stream.writelines(lines)


def keep_rejected(root: Path, language: str, found: Path) -> Path:
    """Replace the file of a language's rejected pairs; without any there is no file.

    It is there to be looked at, no output depends on it: where it cannot be written, a warning says so.

    Args:
        root: the main repository.
        language: its tag.
        found: what `append_rejected` wrote; no file where nothing was rejected.

    Returns:
        The file.
    """
    path = root / ".hbir" / "rejected" / f"{language}.jsonl"
    try:
        if found.is_file():
            with atomic_file(path) as temporary:
                shutil.copyfile(found, temporary)
        else:
            path.unlink(missing_ok=True)
    except (DataError, OSError) as error:
        logger.warning("translate %s: the rejected pairs are not kept. %s", language, error)
    return path


def _judge(row: Mapping[str, Any], texts: Texts, reason: Callable[[str, str], str | None]) -> Rejected:
    sides = {
        side: {"english": row[side], "translation": text, "reason": reason(row[side], text)}
        for side, text in zip(SIDES, texts, strict=True)
    }
    first = next(filter(None, (side["reason"] for side in sides.values())), None)
    return {"pair_id": row["pair_id"], "source": row["source"], "reason": first, **sides}
