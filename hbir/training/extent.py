"""Say how large a training is, before its first step."""

import numpy as np

from hbir.batching.plan import Plan
from hbir.training.inputs import Inputs
from hbir.training.texts import PairTexts

SAMPLE = 16
"""Steps that are looked at: of a plan that is read in parts, each may read another part."""


def tokens_per_step(plan: Plan, texts: PairTexts, inputs: Inputs) -> float:
    """Estimate the tokens of a step, of queries and passages together, from steps all over the plan.

    Args:
        plan: of the training.
        texts: of the pairs.
        inputs: which know the lengths of texts.

    Returns:
        The mean over the steps that were looked at; exact for a plan of no more than those.
    """
    steps = np.unique(np.linspace(0, plan.steps - 1, SAMPLE).astype(np.int64))
    counts = [
        sum(int(inputs.lengths(side, rows).sum()) for side, rows in texts.rows(plan.batch(int(step))).items())
        for step in steps
    ]
    return float(np.mean(counts))
