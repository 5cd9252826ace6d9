"""Bring a table of English pairs into a language: each text is translated once, parallel ones are looked up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.languages import ENGLISH
from hbir.core.schemas import TRANSLATED_SCHEMA
from hbir.translation.checks.checks import CONTENT_REASONS, LANGUAGE_REASONS, NO_CHECKS, Checks, make_checks
from hbir.translation.checks.rejection import SIDES, Rejected, Texts, find_rejected
from hbir.translation.engines.engine import Engine, Segment
from hbir.translation.params import ChecksParams
from hbir.translation.summary import NO_TRANSLATION, NO_VERSION, TranslateSummary


class Translation(NamedTuple):
    """Hold the pairs in one language."""

    table: pa.Table
    """With the columns TRANSLATED_SCHEMA, in the order of the English one."""
    summary: TranslateSummary
    rejected: list[Rejected]
    """Pairs that did not pass the checks."""


def translate_pairs(
    english: pa.Table, parallel: pa.Table, engine: Engine | None, target: str, checks: ChecksParams
) -> Translation:
    """Translate the pairs of all sources, and check what came out.

    Args:
        english: a table with the columns ENGLISH_SCHEMA.
        parallel: a table with the columns PARALLEL_SCHEMA, texts that the engine is not asked for. A pair with
            an English row is in the languages of its rows alone.
        engine: what translates; None for English, whose texts stay as they are and are not checked.
        target: the tag of the target language.
        checks: thresholds.

    Returns:
        The pairs, their counts and what was rejected. A pair whose query or passage has no translation, or one
        that does not pass the checks, is left out.

    Raises:
        DataError: when the engine cannot read the pairs, or returns another number of texts than it was given.
    """
    versions, complete = _by_lookup(parallel, target), set(_by_lookup(parallel, ENGLISH))
    ids = english["pair_id"].to_pylist()
    has_version = pa.array([pair_id in versions or pair_id in complete for pair_id in ids], pa.bool_())
    with_versions, others = english.filter(has_version), english.filter(pc.invert(has_version))
    translated, texts = _by_engine(others, engine, target)
    for_versions, for_translated = _checks(checks, target, engine)
    rejected = find_rejected(with_versions, versions, for_versions)
    rejected |= find_rejected(others, translated, for_translated)
    pairs = versions | translated
    absent = Counter(
        NO_VERSION if pair_id in complete else NO_TRANSLATION for pair_id in ids if pair_id not in pairs
    )
    table = _table(english, {key: pair for key, pair in pairs.items() if key not in rejected})
    summary = TranslateSummary(
        language=target,
        pairs=len(table),
        texts=texts,
        truncated=engine.truncated if engine else 0,
        rejected=Counter(pair["reason"] for pair in rejected.values()),
        absent=absent,
    )
    return Translation(table, summary, list(rejected.values()))


def _checks(params: ChecksParams, target: str, engine: Engine | None) -> tuple[Checks, Checks]:
    """Make the checks of texts that came translated, and those of the engine's."""
    if engine is None:
        return NO_CHECKS, NO_CHECKS
    checks = make_checks(params, target)
    moot = chain(LANGUAGE_REASONS if engine.mixes_languages else (), CONTENT_REASONS if engine.abridges else ())
    return checks, checks.without(set(moot))


def _table(english: pa.Table, pairs: Mapping[int, Texts]) -> pa.Table:
    ids = english["pair_id"].to_pylist()
    kept = english.filter(pa.array([pair_id in pairs for pair_id in ids], pa.bool_())).select(
        TRANSLATED_SCHEMA.names
    )
    texts = [pairs[pair_id] for pair_id in ids if pair_id in pairs]
    for place, name in enumerate(SIDES):
        column = pa.array([pair[place] for pair in texts], pa.string())
        kept = kept.set_column(kept.schema.get_field_index(name), name, column)
    return kept.cast(TRANSLATED_SCHEMA)


def _by_lookup(parallel: pa.Table, target: str) -> dict[int, Texts]:
    rows = parallel.filter(pc.equal(parallel["lang"], target))
    columns = (rows[name].to_pylist() for name in ("pair_id", *SIDES))
    return {pair_id: (query, passage) for pair_id, query, passage in zip(*columns, strict=True)}


def _by_engine(english: pa.Table, engine: Engine | None, target: str) -> tuple[dict[int, Texts], int]:
    queries, passages = (_segments(english, side) for side in SIDES)
    unique = list(dict.fromkeys(chain(queries, passages)))
    texts = dict(zip(unique, _translated(unique, engine, target), strict=True))
    rows = zip(english["pair_id"].to_pylist(), queries, passages, strict=True)
    pairs = ((pair_id, texts[query], texts[passage]) for pair_id, query, passage in rows)
    whole = {key: (query, text) for key, query, text in pairs if query is not None and text is not None}
    return whole, len(unique)


def _segments(english: pa.Table, side: str) -> list[Segment]:
    keys, texts = english[f"{side}_key"].to_pylist(), english[side].to_pylist()
    return [Segment(key, text) for key, text in zip(keys, texts, strict=True)]


def _translated(segments: Sequence[Segment], engine: Engine | None, target: str) -> Sequence[str | None]:
    if engine is None or not segments:
        return [segment.text for segment in segments]
    texts = engine.translate(segments)
    if len(texts) != len(segments):
        raise DataError(
            where=f"engine {engine.name}, language {target}",
            expected=f"{len(segments)} texts",
            found=str(len(texts)),
            hint="Report this: the engine lost count.",
        )
    return texts
