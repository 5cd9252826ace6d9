"""Small files of sources."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.benchmarks.registry import Task
from hbir.collection.collect import Collection, collect
from hbir.collection.guard import Guard
from hbir.collection.pair_store import HeldPairs
from hbir.collection.params import CollectParams
from hbir.collection.source import Pair


def write_jsonl(path: Path, rows: Iterable[Any]) -> str:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def collected(*sources: dict[str, Any], **params: Any) -> Collection:
    return collect(CollectParams(sources=list(sources), **params))


def pairs_of(collection: Collection) -> set[tuple[str, str]]:
    table = collection.english
    return set(zip(table["query"].to_pylist(), table["passage"].to_pylist(), strict=True))


def held(pairs: Mapping[int, Pair]) -> HeldPairs:
    """Hold pairs of one source by the ids that a test gives them."""
    return HeldPairs(["toy"], {pair_id: (pair, 0) for pair_id, pair in pairs.items()})


def by_id(pairs: Mapping[int, Pair], places: Mapping[int, str]) -> dict[int, str]:
    """Name pairs by their ids instead of their places."""
    ids = sorted(pairs)
    return {ids[place]: reason for place, reason in places.items()}


def leaks(pairs: Mapping[int, Pair], tasks: Sequence[tuple[str, Task]]) -> dict[int, str]:
    """Return the benchmark of each pair that leaks."""
    guard = Guard(tasks, pairs.values)
    found = {pair_id: guard.owner(pair) for pair_id, pair in pairs.items()}
    return {pair_id: name for pair_id, name in found.items() if name}
