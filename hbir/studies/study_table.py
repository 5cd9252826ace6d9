"""Hold what a study's report says of the rows of a table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hbir.evaluation.differences import Verdict
from hbir.evaluation.intervals import Interval
from hbir.reporting.columns import Column


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hold a row's scores in one column."""

    by_seed: tuple[float, ...]
    interval: Interval | None
    """Over seeds and queries, of a single seed over queries alone; None where it cannot be had."""

    @property
    def mean(self) -> float:
        """Return the mean over seeds."""
        return float(np.mean(self.by_seed))

    @property
    def spread(self) -> float | None:
        """Return the standard deviation over seeds, with n − 1; None of a single seed."""
        return float(np.std(self.by_seed, ddof=1)) if len(self.by_seed) > 1 else None


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Hold by how much a row is above the reference, and whether chance may explain it."""

    value: float
    interval: Interval | None
    """Over seeds and queries."""
    p: float | None
    """Corrected for all comparisons of the table that are corrected together; None where there is no test."""
    effect: float | None
    verdict: Verdict
    """Of the row."""
    clusters: int
    needed: int


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """Hold a row."""

    name: str
    sampler: str
    beside: bool
    scores: Mapping[Column, Score]
    """Columns without a score are absent."""
    contrasts: Mapping[Column, Contrast]
    """None of the reference, and none where the same queries have no score."""


@dataclass(frozen=True, kw_only=True)
class StudyTable:
    """Hold what is known of the rows of a table on one benchmark."""

    title: str
    benchmark: str
    version: str
    group: str
    """Of queries; empty for all."""
    reference: str
    columns: tuple[Column, ...]
    rows: tuple[StudyRow, ...]
    seeds: tuple[int, ...]
    repeats: bool = False
    """Whether an earlier table has the same rows beside another reference, and so the scores."""
