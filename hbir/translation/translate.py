"""Bring a table of English pairs into a language: each text is translated once, parallel ones are looked up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.core.schemas import TRANSLATED_SCHEMA
from hbir.core.seen import Distinct
from hbir.core.tables import Rows, grouped
from hbir.translation.checks.checks import CONTENT_REASONS, LANGUAGE_REASONS, NO_CHECKS, Checks, make_checks
from hbir.translation.checks.rejection import SIDES, Rejected, Texts, find_rejected
from hbir.translation.engines.engine import Engine, Segment
from hbir.translation.params import ChecksParams
from hbir.translation.summary import NO_TRANSLATION, NO_VERSION, TranslateSummary
from hbir.translation.versions import Versions


class Part(NamedTuple):
    """Hold some pairs in one language."""

    table: pa.Table
    """With the columns TRANSLATED_SCHEMA, in the order of the English one."""
    rejected: list[Rejected]
    """Pairs that did not pass the checks."""


class Translating:
    """Translate the pairs of all sources part by part, and check what came out.

    A pair whose query or passage has no translation, or one that does not pass the checks, is left out. Each
    text of a part is translated once.
    """

    def __init__(
        self, english: Rows, parallel: Rows, engine: Engine | None, target: str, checks: ChecksParams
    ) -> None:
        """Begin with nothing translated.

        Args:
            english: a table with the columns ENGLISH_SCHEMA, sorted by pair.
            parallel: a table with the columns PARALLEL_SCHEMA, sorted by pair: texts that the engine is not
                asked for. A pair with an English row is in the languages of its rows alone.
            engine: what translates; None for English, whose texts stay as they are and are not checked.
            target: the tag of the target language.
            checks: thresholds.
        """
        self._english, self._engine, self._target = english, engine, target
        self._versions = Versions(parallel, target)
        self._checks = _checks(checks, target, engine)
        self._pairs = 0
        self._texts = Distinct()
        """Hashes of the texts that the engine was given."""
        self._rejected: Counter[str] = Counter()
        self._absent: Counter[str] = Counter()

    def parts(self) -> Iterator[Part]:
        """Translate, as many pairs at a time as a row group has.

        Yields:
            The pairs in the order of the English ones.

        Raises:
            DataError: when the engine cannot read the pairs, or returns another number of texts than it was
                given.
        """
        for english in grouped(self._english):
            yield self._part(english)

    @property
    def summary(self) -> TranslateSummary:
        """Return the counts of all parts so far."""
        return TranslateSummary(
            language=self._target,
            pairs=self._pairs,
            texts=len(self._texts),
            truncated=self._engine.truncated if self._engine else 0,
            rejected=self._rejected,
            absent=self._absent,
        )

    def _part(self, english: pa.Table) -> Part:
        ids = english["pair_id"].to_pylist()
        versions, complete = self._versions.up_to(ids[-1])
        has_version = pa.array([pair_id in versions or pair_id in complete for pair_id in ids], pa.bool_())
        with_versions, others = english.filter(has_version), english.filter(pc.invert(has_version))
        translated, texts = _by_engine(others, self._engine, self._target)
        for_versions, for_translated = self._checks
        rejected = find_rejected(with_versions, versions, for_versions)
        rejected |= find_rejected(others, translated, for_translated)
        pairs = versions | translated
        table = _table(english, {key: pair for key, pair in pairs.items() if key not in rejected})
        self._pairs += len(table)
        self._texts.add(np.array([content_id(*text) for text in texts], np.int64))
        self._rejected.update(pair["reason"] for pair in rejected.values())
        self._absent.update(
            NO_VERSION if pair_id in complete else NO_TRANSLATION for pair_id in ids if pair_id not in pairs
        )
        return Part(table, list(rejected.values()))


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


def _by_engine(english: pa.Table, engine: Engine | None, target: str) -> tuple[dict[int, Texts], list[Segment]]:
    queries, passages = (_segments(english, side) for side in SIDES)
    unique = list(dict.fromkeys(chain(queries, passages)))
    texts = dict(zip(unique, _translated(unique, engine, target), strict=True))
    rows = zip(english["pair_id"].to_pylist(), queries, passages, strict=True)
    pairs = ((pair_id, texts[query], texts[passage]) for pair_id, query, passage in rows)
    whole = {key: (query, text) for key, query, text in pairs if query is not None and text is not None}
    return whole, unique


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
