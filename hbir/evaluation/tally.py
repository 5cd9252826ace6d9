"""Count what the means do not show: positives, ties, and what was left out or not retrieved."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import CROSS_LINGUAL, MONOLINGUAL, MULTILINGUAL, RetrievalTask
from hbir.evaluation.ranking import PositiveRanks


class Tally:
    """Add up counts over the ranks of some queries after the other."""

    def __init__(self, task: RetrievalTask) -> None:
        self._task = task
        self._positives: Counter[str] = Counter()
        self._tied: Counter[str] = Counter()
        self._single = self._missed = 0

    def add(self, ranks: PositiveRanks) -> None:
        """Count the positives of some queries.

        Args:
            ranks: all positives of these queries.
        """
        same = self._task.query_codes[ranks.query] == self._task.passage_codes[ranks.passage]  # (n_positives,)
        tied = {
            MONOLINGUAL: ranks.tied_own[same],
            CROSS_LINGUAL: ranks.tied_own[~same],
            MULTILINGUAL: ranks.tied_pooled,
        }
        self._positives.update({setting: len(rows) for setting, rows in tied.items()})
        self._tied.update({setting: int(np.count_nonzero(rows)) for setting, rows in tied.items()})
        self._single += int(np.count_nonzero(np.unique(ranks.query, return_counts=True)[1] == 1))
        retrieved = ranks.own_rank if ranks.pooled_rank is None else ranks.pooled_rank
        self._missed += int(np.count_nonzero(retrieved == 0))

    def counts(self, cells: pa.Table) -> dict[str, Any]:
        """Return the counts.

        Args:
            cells: a table of the schema CELLS, whose settings are counted.

        Returns:
            Per setting `positives`, `tied_positives` and `left_out` (a query counts for each pool without a
            relevant passage); in all `single_positive_queries` and `not_retrieved` positives.
        """
        left_out: Counter[str] = Counter(dict.fromkeys(cells["setting"].to_pylist(), 0))
        for setting, number in zip(cells["setting"].to_pylist(), cells["n_left_out"].to_pylist(), strict=True):
            left_out[setting] += number
        return {
            "positives": {setting: self._positives[setting] for setting in left_out},
            "tied_positives": {setting: self._tied[setting] for setting in left_out},
            "left_out": dict(left_out),
            "single_positive_queries": self._single,
            "not_retrieved": self._missed,
        }
