"""Small files of sources."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hbir.collection.collect import Collection, collect
from hbir.collection.params import CollectParams


def write_jsonl(path: Path, rows: Iterable[Any]) -> str:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def collected(*sources: dict[str, Any], **params: Any) -> Collection:
    return collect(CollectParams(sources=list(sources), **params))


def pairs_of(collection: Collection) -> set[tuple[str, str]]:
    table = collection.english
    return set(zip(table["query"].to_pylist(), table["passage"].to_pylist(), strict=True))
