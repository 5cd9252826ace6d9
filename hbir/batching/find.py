"""Find pairs in a plan: in which steps, in which languages."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from hbir.batching.head import step_ranges
from hbir.batching.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """Say where a plan names a pair."""

    step: int
    """From 0, as in the plan's file."""
    pair_id: int
    query_lang: str
    passage_lang: str


def occurrences(plan: Plan, pair_ids: Collection[int]) -> Iterator[Occurrence]:
    """Find every example of some pairs; the plan is read in parts, whatever its size.

    Args:
        plan: any plan.
        pair_ids: those to look for.

    Yields:
        The examples in the order of training.
    """
    wanted = np.array(sorted(pair_ids), dtype=np.int64)
    for start, stop in step_ranges(plan):
        rows = plan.rows(start, stop)
        for row in np.flatnonzero(np.isin(rows.pair_ids, wanted)).tolist():
            yield Occurrence(
                step=start + row // plan.batch_size,
                pair_id=int(rows.pair_ids[row]),
                query_lang=rows.languages[rows.query_langs[row]],
                passage_lang=rows.languages[rows.passage_langs[row]],
            )
