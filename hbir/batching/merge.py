"""Put the pairs of all training languages one behind the other, and check that they belong together."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.batching.pair_facts import PairFacts
from hbir.core.errors import DataError, PlanError
from hbir.core.schemas import PAIRS_SCHEMA, TRAIN, TRANSLATED_SCHEMA
from hbir.core.tables import Rows, pieces


def merge_pairs(translated: Mapping[str, Rows]) -> Iterator[pa.RecordBatch]:
    """Put the pairs of all training languages into one table, piece by piece.

    Args:
        translated: by language, tables that have the columns of TRANSLATED_SCHEMA, sorted by pair.

    Yields:
        Pieces of a table PAIRS_SCHEMA, sorted by language and pair.

    Raises:
        PlanError: when a language has no training pairs.
        DataError: when a pair comes twice in a language, or is another one in another language.
    """
    for language, table in translated.items():
        _check_trained(language, table)
    facts = PairFacts()
    for language in sorted(translated):
        last = None
        for piece in pieces(translated[language], TRANSLATED_SCHEMA.names):
            ids = piece["pair_id"].to_numpy()
            _check_order(language, ids, last)
            last = ids[-1] if len(ids) else last
            facts.add(piece)
            names = pa.array([language] * len(piece), pa.string())
            yield pa.record_batch([names, *piece.columns], schema=PAIRS_SCHEMA)
        facts.settle()


def _check_trained(language: str, table: Rows) -> None:
    if not any(
        pc.any(pc.equal(piece["split"], TRAIN), min_count=0).as_py() for piece in pieces(table, ["split"])
    ):
        raise PlanError(
            where=f"pairs in {language}",
            expected="training pairs",
            found="none",
            hint=f"Take {language} out of batches.languages, or see why `translate {language}` kept none.",
        )


def _check_order(language: str, ids: np.ndarray, last: int | None) -> None:
    """Check that ids ascend; last: the id before them, if there is one."""
    before = ids if last is None else np.concatenate([[last], ids])
    wrong = np.flatnonzero(before[1:] <= before[:-1])
    if len(wrong):
        place = int(wrong[0])
        twice = before[place + 1] == before[place]
        raise DataError(
            where=f"translated pairs in {language}, pair {before[place + 1]}",
            expected="one row per pair and language" if twice else "pairs in the order of their ids",
            found="several" if twice else "another order",
            hint="Run `dvc repro` to translate the current pairs; if it stays, two pairs have the same id.",
        )
