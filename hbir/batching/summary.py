"""Tell what a plan is made of."""

from collections import Counter

import numpy as np

from hbir.batching.examples import Examples
from hbir.batching.head import Head
from hbir.batching.inventory import Inventory
from hbir.batching.plan import Plan
from hbir.batching.rows import Rows
from hbir.core.training_record import LanguageCount


def language_composition(plan: Plan) -> list[LanguageCount]:
    """Count the examples per (query language, passage language).

    Args:
        plan: any plan.

    Returns:
        The counts above 0, sorted by language.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for rows in plan.parts():
        names, width = rows.languages, len(rows.languages)
        found = np.bincount(rows.query_langs.astype(np.int64) * width + rows.passage_langs)
        for cell in np.flatnonzero(found).tolist():
            counts[names[cell // width], names[cell % width]] += int(found[cell])
    return [
        LanguageCount(query_lang=query, passage_lang=passage, count=count)
        for (query, passage), count in sorted(counts.items())
    ]


def monolingual_steps(plan: Plan) -> np.ndarray:
    """Tell which steps are in one language.

    Args:
        plan: any plan.

    Returns:
        (steps,) bool.
    """
    return np.concatenate([_monolingual(rows, plan.batch_size) for rows in plan.parts()])


def repeats_pairs(plan: Plan) -> bool:
    """Tell whether a step names a pair in several rows, as those of all_languages do.

    Args:
        plan: any plan.

    Returns:
        False where every pair stands once in a step.
    """
    steps = (np.sort(rows.pair_ids.reshape(-1, plan.batch_size), axis=1) for rows in plan.parts())
    return any(bool((ids[:, 1:] == ids[:, :-1]).any()) for ids in steps)


def _monolingual(rows: Rows | Examples, batch_size: int) -> np.ndarray:
    queries, passages = (langs.reshape(-1, batch_size) for langs in (rows.query_langs, rows.passage_langs))
    same: np.ndarray = ((queries == queries[:, :1]) & (passages == queries[:, :1])).all(axis=1)  # (steps,)
    return same


class Tally:
    """Count what a plan is made of while it is drawn, in one byte per pair."""

    def __init__(self, inventory: Inventory, batch_size: int) -> None:
        """Begin with nothing.

        Args:
            inventory: of all pairs.
            batch_size: examples in one step.
        """
        self._batch_size = batch_size
        self._pairs = np.zeros(len(inventory.pair_ids), dtype=bool)
        self._languages = np.zeros(len(inventory.languages), dtype=bool)
        self._monolingual = 0

    def add(self, examples: Examples) -> None:
        """Count some steps.

        Args:
            examples: (m · batch_size,) of them.
        """
        self._pairs[examples.rows] = True
        self._languages[examples.query_langs] = True
        self._languages[examples.passage_langs] = True
        self._monolingual += int(_monolingual(examples, self._batch_size).sum())

    def summary_line(self, plan: Head) -> str:
        """Describe a plan in one line.

        Args:
            plan: what was counted, whole.

        Returns:
            For example "xy: 1200 steps of 64, 1340 of 1400 pairs in 11 languages, 0 % of the steps in one
            language"; xy draws no pair that exists in one language alone.
        """
        share = 100 * self._monolingual / plan.steps
        pairs = f"{np.count_nonzero(self._pairs)} of {len(self._pairs)} pairs"
        content = f"{pairs} in {np.count_nonzero(self._languages)} languages"
        size = f"{plan.steps} steps of {plan.batch_size}"
        return f"{plan.sampler}: {size}, {content}, {share:.0f} % of the steps in one language"
