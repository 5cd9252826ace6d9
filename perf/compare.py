"""Compare two ways of doing the same thing in turn, so that a noisy machine troubles both alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Goal:
    """Say what a ratio must reach."""

    sign: str
    """`≥`: how many times better than the peer; `≤`: how many times the peer."""
    times: float

    @classmethod
    def at_least(cls, times: float) -> "Goal":
        """Want to be so many times better than the peer.

        Args:
            times: smallest ratio that reaches the goal.

        Returns:
            The goal.
        """
        return cls("≥", times)

    @classmethod
    def at_most(cls, times: float) -> "Goal":
        """Want to take at most so many times what the peer takes.

        Args:
            times: largest ratio that reaches the goal.

        Returns:
            The goal.
        """
        return cls("≤", times)

    def reached(self, ratio: float) -> bool:
        """Tell whether a ratio reaches the goal.

        Args:
            ratio: as `Comparison.ratio` gives it.

        Returns:
            Whether it does.
        """
        return ratio >= self.times if self.sign == "≥" else ratio <= self.times

    def __str__(self) -> str:
        """Return it as in a table."""
        return f"{self.sign} {self.times:g}"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Name two ways of doing the same thing, and how to measure each."""

    name: str
    """What is compared; distinct, and the key in `perf/results.json`."""
    peer: str
    """What a user would pick instead."""
    unit: str
    """Of both measures, such as `pairs/s`, `s` or `MB`."""
    goal: Goal | None
    """None where the ratio is of interest without one."""
    measure_ours: Callable[[], float]
    """Returns a value in the unit; called in turn with `measure_peer`."""
    measure_peer: Callable[[], float]
    repeats: int = 5
    """Rounds that count."""
    skip: str = ""
    """Why it cannot run on this machine; it is then listed and not measured."""
    note: str = ""
    """What a reader must know beside the name."""
    higher_is_better: bool | None = None
    """None: rates are (a unit per second), times and memory are not."""
    warm_up: bool = False
    """Whether a round comes first that does not count."""
    expected_s: float = 60.0
    """Seconds that all rounds take, roughly; what the last run took counts more."""

    def ratio(self, ours: float, peer: float) -> float:
        """Relate both values: how many times better, or how many times the peer where the goal is `≤`.

        Args:
            ours: in the unit.
            peer: in the unit.

        Returns:
            ours / peer, or peer / ours where less is better and the goal is not `≤`.
        """
        higher = self.unit.endswith("/s") if self.higher_is_better is None else self.higher_is_better
        at_most = self.goal is not None and self.goal.sign == "≤"
        return ours / peer if higher or at_most else peer / ours


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Hold the values of the rounds that count, in their order."""

    comparison: Comparison
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Return the ratio of each round; a round's two values were measured one after the other."""
        return [self.comparison.ratio(ours, peer) for ours, peer in zip(self.ours, self.peer, strict=True)]

    @property
    def reached(self) -> bool | None:
        """Tell whether the median of the ratios reaches the goal; None without a goal."""
        goal = self.comparison.goal
        return None if goal is None else goal.reached(median(self.ratios))


def measure(comparison: Comparison) -> Rounds:
    """Measure ours and the peer in turn: A B A B ….

    Args:
        comparison: one that is not skipped.

    Returns:
        Its rounds.
    """
    rounds = Rounds(comparison=comparison)
    if comparison.warm_up:
        comparison.measure_ours()
        comparison.measure_peer()
    for _ in range(comparison.repeats):
        rounds.ours.append(comparison.measure_ours())
        rounds.peer.append(comparison.measure_peer())
    return rounds


def seconds(work: Callable[[], object]) -> float:
    """Time one call.

    Args:
        work: what to call.

    Returns:
        Seconds.
    """
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
