"""Decide whether a new version of a model takes the place of the one that won so far."""

from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from hbir.evaluation.differences import compare
from hbir.evaluation.intervals import KEYS
from hbir.reporting.numbers import p_text


class Metric(NamedTuple):
    """Name what decides."""

    benchmark: str
    setting: str
    measure: str

    @classmethod
    def of(cls, text: str) -> "Metric":
        """Read `tracking.champion`.

        Args:
            text: benchmark, setting and measure with slashes between; the benchmark's name may hold some, too.

        Returns:
            The parts.
        """
        return cls(*text.rsplit("/", 2))

    def __str__(self) -> str:
        """Return it as it is written in params.yaml."""
        return "/".join(self)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Hold the scores of one version."""

    version: str
    benchmark: str = ""
    """Version of the benchmark, and the precision in which texts were embedded."""
    queries: pa.Table | None = None
    """Of the setting that decides; None where there are none."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Say whether a version is the champion, and why."""

    wins: bool
    reason: str


FIRST = Judgement(wins=True, reason="the first version")


def judge(new: Scored, champion: Scored | None, metric: Metric) -> Judgement:
    """Compare a version with the champion, on the same queries.

    Args:
        new: what nobody has compared yet.
        champion: who won so far; None where there is none.
        metric: what decides.

    Returns:
        The new one wins where it is better and the paired test says so, or where there is no other.
    """
    if new.queries is None:
        return Judgement(wins=False, reason=f"not compared: it has no scores per query for {metric}")
    if champion is None:
        return FIRST
    if champion.queries is None:
        return _apart(champion, f"has no scores per query for {metric}")
    if new.benchmark != champion.benchmark:
        return _apart(champion, f"was scored on {metric.benchmark} {champion.benchmark}")
    if not new.queries.select(KEYS).equals(champion.queries.select(KEYS)):
        return _apart(champion, "was scored on other queries")
    tables = {"new": new.queries, "champion": champion.queries}
    found = compare(tables, metric.benchmark, "new", [(metric.setting, metric.measure)])
    if not found:
        return _apart(champion, f"has {metric.measure} of other queries")
    verdict = found[0].verdict
    said = f"{verdict} than" if verdict in ("better", "worse", "higher", "lower") else f"{verdict} beside"
    detail = f" ({p_text(found[0].p)})" if found[0].p is not None else ""
    return Judgement(wins=verdict == "better", reason=f"{said} version {champion.version}{detail}")


def _apart(champion: Scored, why: str) -> Judgement:
    return Judgement(wins=False, reason=f"not compared: version {champion.version} {why}")
