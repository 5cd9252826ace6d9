"""Collect all sources into one table of English pairs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from hbir.collection import cldr
from hbir.collection.params import CollectParams
from hbir.collection.source import Kind, Named, Pair
from hbir.core.errors import ParamsError
from hbir.core.hashing import content_id
from hbir.core.params import unknown, validated
from hbir.core.records import ENGLISH

KINDS = {"cldr": Kind(cldr.CldrSource, cldr.read)}
"""The kinds of sources; a new one is a module of its own and a line here."""
WHERE = "params.yaml: collect.sources"


@dataclass(frozen=True)
class CollectSummary:
    """Count what was collected."""

    pairs: int
    by_source: Counter[str] = field(default_factory=Counter)
    by_split: Counter[str] = field(default_factory=Counter)
    by_relation: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    """What was left out, by `source: reason`."""

    def __str__(self) -> str:
        """Return the line that the command prints."""
        parts = {"by split": self.by_split, "by relation": self.by_relation, "dropped": self.dropped}
        return "; ".join([f"{self.pairs} pairs", *(f"{what}: {_listed(c)}" for what, c in parts.items())])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def collect(params: CollectParams) -> tuple[pa.Table, CollectSummary]:
    """Collect the English pairs of all sources.

    Args:
        params: the section `collect`.

    Returns:
        A table with the columns ENGLISH, sorted by `pair_id`, without repetition, and its counts.
    """
    rows: dict[int, tuple[str, Pair]] = {}
    dropped: Counter[str] = Counter()
    for kind, source in _sources(params.sources):
        harvest = kind.read(source)
        dropped.update({f"{source.name}: {reason}": count for reason, count in harvest.dropped.items()})
        for pair in harvest.pairs:
            pair_id = _pair_id(pair)
            if pair_id in rows:
                dropped[f"{source.name}: repeated pair"] += 1
            rows.setdefault(pair_id, (source.name, pair))
    ordered = [(pair_id, *rows[pair_id]) for pair_id in sorted(rows)]
    summary = CollectSummary(
        pairs=len(ordered),
        by_source=Counter(name for _, name, _ in ordered),
        by_split=Counter(pair.split for _, _, pair in ordered),
        by_relation=Counter(pair.relation or name for _, name, pair in ordered),
        dropped=+dropped,
    )
    return pa.Table.from_pylist([_row(*row) for row in ordered], schema=ENGLISH), summary


def _sources(sources: Sequence[dict[str, Any]]) -> Iterator[tuple[Kind, Named]]:
    names: set[str] = set()
    for number, given in enumerate(sources):
        where = f"{WHERE}[{number}]"
        if given.get("kind") not in KINDS:
            raise unknown(f"{where}.kind", str(given.get("kind")), KINDS)
        kind = KINDS[given["kind"]]
        source = validated(kind.params, given, where)
        if source.name in names:
            raise ParamsError(
                where=f"{where}.name",
                expected="a name of its own",
                found=f"{source.name!r} a second time",
                hint="Give each source another `name`.",
            )
        names.add(source.name)
        yield kind, source


def _query_id(pair: Pair) -> int:
    return content_id("query", pair.query_key or pair.query)


def _passage_id(pair: Pair) -> int:
    return content_id("passage", pair.passage_key or pair.passage)


def _pair_id(pair: Pair) -> int:
    return content_id("pair", pair.query_key or pair.query, pair.passage_key or pair.passage)


def _row(pair_id: int, source: str, pair: Pair) -> dict[str, Any]:
    return {
        "pair_id": pair_id,
        "passage_id": _passage_id(pair),
        "query_id": _query_id(pair),
        "source": source,
        "split": pair.split,
        "query": pair.query,
        "passage": pair.passage,
        "query_key": pair.query_key,
        "passage_key": pair.passage_key,
    }
