"""Write the pairs that are left as tables, and count them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.collection.pair_store import Numbered, PairStore, side_ids_of, size_of
from hbir.collection.source import Pair, Version
from hbir.collection.summary import CollectSummary
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.core.tables import PIECE, PIECE_BYTES, RowGroupWriter, Rows, StoredTable

_FROM_PAIR = ENGLISH_SCHEMA.names[4:]


def tables_of(store: PairStore, summary: CollectSummary, folder: Path | None) -> tuple[Rows, Rows]:
    """Make the two tables.

    Args:
        store: the pairs.
        summary: counts them.
        folder: where the tables are written to; None holds them in memory.

    Returns:
        With the columns ENGLISH_SCHEMA, and with those of PARALLEL_SCHEMA.
    """
    held: list[list[pa.RecordBatch]] = [[], []]
    schemas = (ENGLISH_SCHEMA, PARALLEL_SCHEMA)
    if folder is None:
        _fill(store, summary, held[0].append, held[1].append)
        english, parallel = (pa.Table.from_batches(*given) for given in zip(held, schemas, strict=True))
        return english, parallel
    paths = (folder / "english", folder / "parallel")
    with ExitStack() as stack:
        writers = [stack.enter_context(RowGroupWriter(*given)) for given in zip(paths, schemas, strict=True)]
        _fill(store, summary, writers[0].write, writers[1].write)
    return StoredTable(paths[0], schemas[0]), StoredTable(paths[1], schemas[1])


_Write = Callable[[pa.RecordBatch], None]


def _fill(store: PairStore, summary: CollectSummary, english: _Write, parallel: _Write) -> None:
    rows: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    for part in _parts(store):
        for numbered in part:
            rows.append(_english(numbered))
            versions.extend((numbered.pair_id, lang, *version) for lang, version in _versions(numbered.pair))
            _count(numbered, summary)
        english(_batch_of(rows, ENGLISH_SCHEMA))
        if versions:
            parallel(_batch_of(versions, PARALLEL_SCHEMA))
        rows, versions = [], []


def _parts(store: PairStore) -> Iterator[list[Numbered]]:
    part: list[Numbered] = []
    size = 0
    for numbered in store:
        part.append(numbered)
        size += size_of(numbered.pair)
        if len(part) == PIECE or size >= PIECE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _batch_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = (
        pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
    )
    return pa.record_batch(list(columns), schema=schema)


def _english(numbered: Numbered) -> tuple[Any, ...]:
    given = [getattr(numbered.pair, name) for name in _FROM_PAIR]
    return numbered.pair_id, *side_ids_of(numbered.pair), numbered.source, *given


def _versions(pair: Pair) -> list[tuple[str, Version]]:
    """List what no engine is asked for: an English row says that this is all there is of the pair."""
    return sorted(pair.versions.items() if pair.translate else pair.texts())


def _count(numbered: Numbered, summary: CollectSummary) -> None:
    pair = numbered.pair
    summary.by_source[numbered.source][pair.split] += 1
    if pair.relation:
        summary.by_relation[pair.relation] += 1
    if pair.versions or not pair.translate:
        summary.by_language.update(lang for lang, _ in pair.texts())


def new_summary(pairs: int, dropped: dict[str, Counter[str]], cut_short: int) -> CollectSummary:
    """Begin to count what is left.

    Args:
        pairs: how many are left.
        dropped: source → reason → pairs.
        cut_short: pairs that were not compared with all that are like them.

    Returns:
        The counts; those of what is left are 0.
    """
    reasons = {f"{name}: {reason}": n for name, all_of in dropped.items() for reason, n in all_of.items() if n}
    return CollectSummary(
        pairs=pairs,
        by_source={name: Counter() for name in dropped},
        dropped=Counter(reasons),
        cut_short=cut_short,
    )
