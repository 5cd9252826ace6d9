"""Bring a table of English pairs into a language: each text is translated once, parallel ones are looked up."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.records import TRANSLATED
from hbir.translation.engine import Engine, Segment

SOURCE_LANGUAGE = "en"
Sides = tuple[str | None, str | None]
"""Query and passage; None where the engine has no translation."""


@dataclass(frozen=True)
class TranslateSummary:
    """Count what was translated into one language."""

    language: str
    pairs: int
    segments: int
    """Different texts that the engine was given."""
    dropped: Counter[str]
    """Pairs left out, by reason."""

    def __str__(self) -> str:
        """Return the line that the command prints."""
        reasons = ", ".join(f"{count} with {reason}" for reason, count in sorted(self.dropped.items()))
        return f"{self.language}: {self.pairs} pairs of {self.segments} texts; dropped: {reasons or 'none'}"


def translate_pairs(
    english: pa.Table, parallel: pa.Table, engine: Engine, target: str
) -> tuple[pa.Table, TranslateSummary]:
    """Translate the pairs of all sources.

    Args:
        english: a table with the columns ENGLISH.
        parallel: a table with the columns PARALLEL; the engine is not asked for its pairs.
        engine: what translates; it is not asked when the target is English.
        target: the tag of the target language.

    Returns:
        A table with the columns TRANSLATED in the order of the English one, and its counts. A pair whose query
        or passage has no translation is left out.

    Raises:
        DataError: when the engine cannot read the pairs, or returns another number of texts than it was given.
    """
    known = set(parallel["pair_id"].to_pylist())
    others = english.filter(
        pa.array([pair_id not in known for pair_id in english["pair_id"].to_pylist()], pa.bool_())
    )
    translated, segments = _by_engine(others, engine, target)
    sides = _by_lookup(parallel, target) | translated
    ordered = [sides.get(pair_id) for pair_id in english["pair_id"].to_pylist()]
    reasons = [_reason(side) for side in ordered]
    whole = english.select(TRANSLATED.names)
    for place, name in enumerate(("query", "passage")):
        column = pa.array([side and side[place] for side in ordered], pa.string())
        whole = whole.set_column(whole.schema.get_field_index(name), name, column)
    kept = whole.filter(pa.array([reason is None for reason in reasons], pa.bool_()))
    dropped = Counter(reason for reason in reasons if reason)
    return kept.cast(TRANSLATED), TranslateSummary(target, len(kept), segments, dropped)


def _by_lookup(parallel: pa.Table, target: str) -> dict[int, Sides]:
    rows = parallel.filter(pc.equal(parallel["lang"], target))
    columns = (rows[name].to_pylist() for name in ("pair_id", "query", "passage"))
    return {pair_id: (query, passage) for pair_id, query, passage in zip(*columns, strict=True)}


def _by_engine(english: pa.Table, engine: Engine, target: str) -> tuple[dict[int, Sides], int]:
    queries = _segments(english, "query")
    passages = _segments(english, "passage")
    unique = list(dict.fromkeys(chain(queries, passages)))
    texts = dict(zip(unique, _translated(unique, engine, target), strict=True))
    ids = english["pair_id"].to_pylist()
    sides = [(texts[query], texts[passage]) for query, passage in zip(queries, passages, strict=True)]
    return dict(zip(ids, sides, strict=True)), len(unique)


def _segments(english: pa.Table, side: str) -> list[Segment]:
    keys, texts = english[f"{side}_key"].to_pylist(), english[side].to_pylist()
    return [Segment(key, text) for key, text in zip(keys, texts, strict=True)]


def _translated(segments: list[Segment], engine: Engine, target: str) -> list[str | None]:
    if target == SOURCE_LANGUAGE or not segments:
        return [segment.text for segment in segments]
    texts = engine.translate(segments, target)
    if len(texts) != len(segments):
        raise DataError(
            where=f"engine {engine.name}, language {target}",
            expected=f"{len(segments)} texts",
            found=str(len(texts)),
            hint="Report this: the engine lost count.",
        )
    return texts


def _reason(sides: Sides | None) -> str | None:
    if sides is None:
        return "no version in the parallel texts"
    missing = [side for side, text in zip(("query", "passage"), sides, strict=True) if text is None]
    return f"no translation of the {' and the '.join(missing)}" if missing else None
