"""Collect all sources into one table of English pairs, and those in other languages into another."""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

from hbir.benchmarks.registry import parse_entry
from hbir.collection.cleaning import clean
from hbir.collection.guard import leaks, load_guarded
from hbir.collection.near_duplicates import near_duplicates
from hbir.collection.parallel import warn_of_shares
from hbir.collection.params import CollectParams
from hbir.collection.progress import shown
from hbir.collection.source import Kind, Named, Pair, TextSource, Version
from hbir.collection.sources import WHERE, check_sources
from hbir.collection.splits import side_of, straddling
from hbir.collection.summary import CollectSummary
from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.core.text import normalise

logger = logging.getLogger(__name__)


class Collection(NamedTuple):
    """Hold what was collected."""

    english: pa.Table
    """With the columns ENGLISH_SCHEMA, sorted by `pair_id`, without repetition."""
    parallel: pa.Table
    """With the columns PARALLEL_SCHEMA, sorted by `pair_id` and language: what no engine is to translate."""
    summary: CollectSummary


def collect(params: CollectParams) -> Collection:
    """Collect the pairs of all sources, clean them, and divide them into training and validation.

    Args:
        params: the section `collect`.

    Returns:
        The pairs and their counts.

    Raises:
        ParamsError: when a source or a benchmark of the leak guard is described wrongly.
        DataError: when a file is missing or broken, or a source gives no pair.
    """
    work = _Work(params)
    sources = check_sources(params.sources)
    warn_of_shares([source for _, source in sources], [parse_entry(entry)[1] for entry in params.leak_guard])
    guarded = load_guarded(params.leak_guard)
    for kind, source in sources:
        work.gather(kind, source)
    work.drop({key: f"in benchmark {name}" for key, name in leaks(work.pairs, guarded).items()})
    if params.near_duplicates is not None:
        found = near_duplicates(work.pairs, params.near_duplicates)
        work.drop(dict.fromkeys(found.ids, "near-duplicate pair"))
        work.cut_short = found.cut_short
    work.drop(straddling(work.pairs))
    for _, source in sources:
        work.check_any(source.name)
    ordered = {pair_id: work.pairs[pair_id] for pair_id in sorted(work.pairs)}
    return Collection(_english(ordered, work.owners), _parallel(ordered), work.summary())


class _Work:
    """Hold the pairs so far, whose they are, and what was dropped."""

    def __init__(self, params: CollectParams) -> None:
        self.params = params
        self.pairs: dict[int, Pair] = {}
        self.owners: dict[int, str] = {}
        self.dropped: dict[str, Counter[str]] = defaultdict(Counter)
        self.repeating: set[str] = set()
        self.cut_short = 0

    def gather(self, kind: Kind, source: Named) -> None:
        texts = source if isinstance(source, TextSource) else None
        harvest = kind.read(source)
        dropped, read = self.dropped[source.name], 0
        pairs = islice(harvest.pairs, texts.limit if texts else None)
        for pair in shown(pairs, f"reading {source.name}"):
            read += 1
            if (cleaned := clean(_in_english(pair, texts), self.params, dropped)) is None:
                continue
            pair_id = _pair_id(cleaned)
            if pair_id in self.pairs:
                dropped["repeated pair"] += 1
                self.pairs[pair_id] = _merged(self.pairs[pair_id], cleaned)
                continue
            self.pairs[pair_id] = cleaned._replace(split=side_of(cleaned, texts.validation if texts else 0))
            self.owners[pair_id] = source.name
        if read and read == dropped["repeated pair"]:
            self.repeating.add(source.name)
        dropped.update(harvest.dropped)
        if texts:
            _warn_of_size(texts, read)

    def drop(self, reasons: Mapping[int, str]) -> None:
        for pair_id, reason in reasons.items():
            self.dropped[self.owners.pop(pair_id)][reason] += 1
            del self.pairs[pair_id]

    def check_any(self, name: str) -> None:
        if name not in self.owners.values() and name not in self.repeating:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.dropped[name].items()))
            raise DataError(
                where=f"{WHERE}: {name}",
                expected="at least one pair",
                found=f"none left ({reasons or 'the source is empty'})",
                hint="Check its keys and its file, or remove the source.",
            )

    def summary(self) -> CollectSummary:
        by_source: dict[str, Counter[str]] = {name: Counter() for name in self.dropped}
        for pair_id, pair in self.pairs.items():
            by_source[self.owners[pair_id]][pair.split] += 1
        return CollectSummary(
            pairs=len(self.pairs),
            by_source=by_source,
            by_relation=Counter(pair.relation for pair in self.pairs.values() if pair.relation),
            by_language=Counter(lang for pair in self.pairs.values() for lang in _languages(pair)),
            dropped=Counter(
                {
                    f"{name}: {reason}": n
                    for name, all_of in self.dropped.items()
                    for reason, n in all_of.items()
                    if n
                }
            ),
            cut_short=self.cut_short,
        )


def _in_english(pair: Pair, source: TextSource | None) -> Pair:
    return pair if source is None or source.translate else pair._replace(versions={}, translate=False)


def _merged(pair: Pair, again: Pair) -> Pair:
    """Keep the pair of the earlier source, with the languages of both."""
    versions = {**again.versions, **pair.versions}
    return pair._replace(versions=versions, translate=pair.translate or again.translate)


def _warn_of_size(source: TextSource, read: int) -> None:
    expected = source.expected_pairs
    if expected is not None and read != min(expected, source.limit or expected):
        logger.warning("source %s: expected %d pairs, found %d", source.name, expected, read)


def _versions(pair: Pair) -> list[tuple[str, Version]]:
    """List what no engine is asked for: an English row says that this is all there is of the pair."""
    return sorted(pair.versions.items() if pair.translate else pair.texts())


def _languages(pair: Pair) -> list[str]:
    return [lang for lang, _ in pair.texts()] if pair.versions or not pair.translate else []


def _query_id(pair: Pair) -> int:
    return content_id("query", pair.query_key or normalise(pair.query))


def _passage_id(pair: Pair) -> int:
    return content_id("passage", pair.passage_key or normalise(pair.passage))


def _pair_id(pair: Pair) -> int:
    query, passage = pair.query_key or normalise(pair.query), pair.passage_key or normalise(pair.passage)
    return content_id("pair", query, passage)


def _english(pairs: Mapping[int, Pair], owners: Mapping[int, str]) -> pa.Table:
    columns: dict[str, list[Any]] = {
        "pair_id": list(pairs),
        "passage_id": [_passage_id(pair) for pair in pairs.values()],
        "query_id": [_query_id(pair) for pair in pairs.values()],
        "source": [owners[pair_id] for pair_id in pairs],
    }
    for name in ENGLISH_SCHEMA.names[len(columns) :]:
        columns[name] = [getattr(pair, name) for pair in pairs.values()]
    return pa.table(columns, schema=ENGLISH_SCHEMA)


def _parallel(pairs: Mapping[int, Pair]) -> pa.Table:
    rows = [(pair_id, lang, *version) for pair_id, pair in pairs.items() for lang, version in _versions(pair)]
    return pa.table(
        {name: [row[place] for row in rows] for place, name in enumerate(PARALLEL_SCHEMA.names)},
        schema=PARALLEL_SCHEMA,
    )
