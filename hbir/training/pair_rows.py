"""Say in which row of the pairs' table each pair and language stands."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError
from hbir.core.files import atomic_file, read_json, write_json
from hbir.core.tables import Rows, StoredTable, pieces

Spans = dict[str, tuple[int, int]]
"""Language → its first row, and the one after its last."""


class PairRows:
    """Find rows by pair and language."""

    def __init__(self, ids: np.ndarray, spans: Spans) -> None:
        """Hold what is searched.

        Args:
            ids: (n,) int64, in order within each language; perhaps mapped from a file.
            spans: where each language stands.
        """
        self._ids, self._spans = ids, spans

    @classmethod
    def of(cls, pairs: pa.Table) -> "PairRows":
        """Index a table in memory.

        Args:
            pairs: sorted by language and pair.

        Returns:
            The index.
        """
        parts = [piece["pair_id"].to_numpy() for piece in pieces(pairs, ["pair_id"])]
        return cls(np.concatenate([*parts, np.zeros(0, np.int64)]), _spans(pairs))

    @classmethod
    def mapped(cls, pairs: StoredTable, folder: Path) -> "PairRows":
        """Index a file once for all processes of a machine, 8 bytes per row on the disk.

        Args:
            pairs: sorted by language and pair.
            folder: where the index lies; its name stands for the file's bytes.

        Returns:
            The index, mapped from a file.

        Raises:
            DataError: when the disk is full, or the index cannot be written.
        """
        ids, spans = folder / "ids.bin", folder / "languages.json"
        with write_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / "ids.lock"):
                if not spans.is_file():
                    with atomic_file(ids) as temporary, temporary.open("wb") as stream:
                        for piece in pieces(pairs, ["pair_id"]):
                            stream.write(piece["pair_id"].to_numpy().tobytes())
                    write_json(spans, _spans(pairs))
        named = {lang: (start, stop) for lang, (start, stop) in read_json(spans).items()}
        return cls(np.memmap(ids, np.int64, "r"), named)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ids)

    def rows(self, pair_ids: np.ndarray, langs: Sequence[str]) -> np.ndarray:
        """Find rows.

        Args:
            pair_ids: (b,) int64.
            langs: (b,) the language of each.

        Returns:
            (b,) int64.

        Raises:
            DataError: when there is no such pair in that language.
        """
        rows = np.empty(len(pair_ids), dtype=np.int64)
        names = np.asarray(langs)
        for lang in dict.fromkeys(langs):
            here = names == lang
            start, end = self._spans.get(lang, (0, 0))
            rows[here] = start + _found(pair_ids[here], self._ids[start:end], lang)
        return rows


def _spans(pairs: Rows) -> Spans:
    counts: dict[str, int] = {}
    for piece in pieces(pairs, ["lang"]):
        for row in pc.value_counts(piece["lang"]).to_pylist():
            counts[row["values"]] = counts.get(row["values"], 0) + row["counts"]
    ends = itertools.accumulate(counts.values(), initial=0)
    return dict(zip(counts, itertools.pairwise(ends), strict=True))


def _found(wanted: np.ndarray, there: np.ndarray, lang: str) -> np.ndarray:
    """Return the places of pairs among those of one language, which are in order."""
    places = np.searchsorted(there, wanted)
    missing = places == len(there)
    missing[~missing] = there[places[~missing]] != wanted[~missing]
    if missing.any():
        raise DataError(
            where="data/pairs.parquet",
            expected=f"pair {wanted[missing][0]} in {lang}, which the plan names",
            found="none",
            hint="Run `dvc repro build_batches`, which makes both from the same pairs.",
        )
    return places
