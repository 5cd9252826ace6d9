"""Tell what a plan is made of."""

from collections import Counter

import numpy as np

from hbir.batching.plan import Plan
from hbir.core.training_record import LanguageCount


def language_composition(plan: Plan) -> list[LanguageCount]:
    """Count the examples per (query language, passage language).

    Args:
        plan: any plan.

    Returns:
        The counts above 0, sorted by language.
    """
    counts = Counter(zip(plan.query_langs, plan.passage_langs, strict=True))
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
    return np.array([len({*batch.query_langs, *batch.passage_langs}) == 1 for batch in plan.batches()])


def summary_line(plan: Plan, available: int) -> str:
    """Describe a plan in one line.

    Args:
        plan: any plan.
        available: the training pairs there are; xy draws none that exists in one language alone.

    Returns:
        For example "xy: 1200 steps of 64, 1340 of 1400 pairs in 11 languages, 0 % of the steps in one
        language".
    """
    pairs = len(np.unique(plan.pair_ids))
    languages = len({*plan.query_langs, *plan.passage_langs})
    share = 100 * monolingual_steps(plan).mean()
    size = f"{plan.steps} steps of {plan.batch_size}"
    content = f"{pairs} of {available} pairs in {languages} languages"
    return f"{plan.sampler}: {size}, {content}, {share:.0f} % of the steps in one language"
