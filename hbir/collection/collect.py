"""Collect all sources into one table of English pairs, and those in other languages into another."""

import logging
from collections import Counter
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from hbir.benchmarks.registry import Task, parse_entry
from hbir.collection.cleaning import clean
from hbir.collection.gathered import Gathered
from hbir.collection.guard import Guard, load_guarded
from hbir.collection.near_duplicates import drop_near_duplicates
from hbir.collection.outputs import new_summary, tables_of
from hbir.collection.pair_store import PairStore
from hbir.collection.parallel import warn_of_shares
from hbir.collection.params import CollectParams
from hbir.collection.progress import shown
from hbir.collection.source import Kind, Named, Pair, TextSource
from hbir.collection.sources import WHERE, check_sources
from hbir.collection.splits import side_of, straddling
from hbir.collection.staged import Staging
from hbir.collection.summary import CollectSummary
from hbir.core.errors import DataError
from hbir.core.lines import readable
from hbir.core.resources import ResourceParams
from hbir.core.steady import steady

logger = logging.getLogger(__name__)
_PART = 8
"""Which part of the memory the pairs may take that are put in order at a time, and later what is known of them
beside a streamed corpus; what is left is for Python and what it reads and writes."""


class Collection(NamedTuple):
    """Hold what was collected."""

    english: Any
    """Rows, a table or in a file, with the columns ENGLISH_SCHEMA, sorted by `pair_id`, without repetition."""
    parallel: Any
    """Rows with the columns PARALLEL_SCHEMA, sorted by pair and language: what no engine is to translate."""
    summary: CollectSummary


def collect(
    params: CollectParams, folder: Path | None = None, resources: ResourceParams | None = None
) -> Collection:
    """Collect the pairs of all sources, clean them, and divide them into training and validation.

    Args:
        params: the section `collect`.
        folder: where pairs go that are too many to be held, and the tables made of them; None holds them all.
        resources: how much memory it may take.

    Returns:
        The pairs and their counts; tables in files where pairs went to the folder. They do not depend on how
        much memory there is.

    Raises:
        ParamsError: when a source or a benchmark of the leak guard is described wrongly.
        DataError: when a file is missing, broken, or changes while it is read, when a source gives no pair, or
            when the disk is full.
    """
    memory = (resources or ResourceParams()).bytes
    sources = check_sources(params.sources)
    warn_of_shares([source for _, source in sources], [parse_entry(entry)[1] for entry in params.leak_guard])
    guarded = load_guarded(params.leak_guard)
    gathered = Gathered(None if folder is None else lambda: Staging(folder, memory // _PART))
    for kind, source in sources:
        _gather(gathered, kind, source, params)
    store = gathered.finished()
    _guard(store, guarded, memory // _PART)
    cut_short = 0
    if params.near_duplicates is not None:
        cut_short = drop_near_duplicates(store, params.near_duplicates)
    store.drop(straddling(store).items())
    dropped = {name: counts + gathered.dropped[name] for name, counts in store.dropped().items()}
    for _, source in sources:
        if not store.left()[source.name] and source.name not in gathered.repeating:
            raise _nothing_left(source.name, dropped[source.name])
    summary = new_summary(len(store), dropped, cut_short)
    return Collection(*tables_of(store, summary, store.folder), summary)


def _gather(gathered: Gathered, kind: Kind, source: Named, params: CollectParams) -> None:
    texts = source if isinstance(source, TextSource) else None
    dropped = gathered.begin(source.name)
    harvest = kind.read(source)
    path = getattr(source, "path", None)
    with steady(readable(path, f"source {source.name}: path")) if path else nullcontext():
        for pair in shown(islice(harvest.pairs, texts.limit if texts else None), f"reading {source.name}"):
            gathered.read[source.name] += 1
            if (cleaned := clean(_in_english(pair, texts), params, dropped)) is not None:
                gathered.add(cleaned._replace(split=side_of(cleaned, texts.validation if texts else 0)))
    dropped.update(harvest.dropped)
    if texts:
        _warn_of_size(texts, gathered.read[source.name])


def _guard(store: PairStore, tasks: list[tuple[str, Task]], memory: int) -> None:
    if tasks:
        guard = Guard(tasks, lambda: (numbered.pair for numbered in store), memory)
        owners = ((numbered.place, guard.owner(numbered.pair)) for numbered in store)
        store.drop((place, f"in benchmark {name}") for place, name in owners if name)


def _nothing_left(name: str, dropped: Counter[str]) -> DataError:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items()))
    return DataError(
        where=f"{WHERE}: {name}",
        expected="at least one pair",
        found=f"none left ({reasons or 'the source is empty'})",
        hint="Check its keys and its file, or remove the source.",
    )


def _in_english(pair: Pair, source: TextSource | None) -> Pair:
    return pair if source is None or source.translate else pair._replace(versions={}, translate=False)


def _warn_of_size(source: TextSource, read: int) -> None:
    expected = source.expected_pairs
    if expected is not None and read != min(expected, source.limit or expected):
        logger.warning("source %s: expected %d pairs, found %d", source.name, expected, read)
