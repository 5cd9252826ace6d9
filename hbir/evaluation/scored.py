"""Score one row of the tables on every benchmark."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.scorers import Scorer
from hbir.evaluation.scoring import Benchmark
from hbir.evaluation.summary import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scored:
    """Hold what a row reached."""

    best: dict[str, Evaluation] = field(default_factory=dict)
    """Benchmark → of the best checkpoint."""
    final: dict[str, Settings] = field(default_factory=dict)
    """Benchmark → of the last checkpoint; empty where that was not asked for."""
    unscored: list[str] = field(default_factory=list)
    """Benchmarks that the row cannot be scored on."""


def score_all(scorer: Scorer, benchmarks: Iterable[Benchmark]) -> Scored:
    """Score a row on one benchmark after the other.

    Args:
        scorer: of the row.
        benchmarks: each is loaded when its turn comes.

    Returns:
        All scores.
    """
    scored = Scored()
    for benchmark in benchmarks:
        name = benchmark.name
        if not scorer.scores(benchmark):
            logger.warning("%s is not scored on %s: its passages are not held", scorer.row.name, name)
            scored.unscored.append(name)
            continue
        scored.best[name] = scorer.best(benchmark)
        scored.final[name] = _of_last_step(scorer, benchmark, scored.best[name])
    return scored


def _of_last_step(scorer: Scorer, benchmark: Benchmark, best: Evaluation) -> Settings:
    if scorer.skips_last:
        return {}
    return (scorer.final(benchmark) if scorer.final else best).settings
