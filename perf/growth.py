"""Measure how the cost of something grows with its size, and fit the exponent."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from perf.child import peak_memory


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Name what grows, and what it costs at a size."""

    name: str
    sizes: tuple[int, ...]
    """Spread evenly by their logarithm, the last a hundred times the first."""
    run: Callable[[int], float]
    """Does the work at a size and returns its seconds; at the top of a module, for another process to find."""


@dataclass(frozen=True, kw_only=True)
class Grown:
    """Hold what an axis cost."""

    name: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    memory: tuple[float, ...]
    """MB above what importing took."""

    @property
    def time_exponent(self) -> float:
        """Return the fitted exponent of the time."""
        return exponent(self.sizes, self.seconds)

    @property
    def memory_exponent(self) -> float:
        """Return the fitted exponent of the memory."""
        return exponent(self.sizes, self.memory)

    @property
    def seconds_each(self) -> float:
        """Return the seconds that one more costs between the two largest sizes: small ones are all start-up."""
        return (self.seconds[-1] - self.seconds[-2]) / (self.sizes[-1] - self.sizes[-2])

    def seconds_at(self, size: float) -> float:
        """Estimate the time at a larger size.

        Args:
            size: beyond what was measured.

        Returns:
            The time of the largest size that was measured, and what the rest costs by `seconds_each`.
        """
        return self.seconds[-1] + (size - self.sizes[-1]) * self.seconds_each


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fit cost = c · size^k.

    Args:
        sizes: at least two, positive.
        costs: as many; one that is too small to measure counts as a thousandth.

    Returns:
        k, by least squares of the logarithms.
    """
    slope, _ = np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-3)), 1)
    return round(float(slope), 9) + 0.0  # no -0.0


def grow(axis: Axis, log: Callable[[str], object]) -> Grown:
    """Measure an axis, each size in a process of its own.

    Args:
        axis: what grows.
        log: takes a line per size.

    Returns:
        Its costs.
    """
    costs = []
    for size in axis.sizes:
        seconds, memory = _cost(axis.run, size)
        costs.append((seconds, memory))
        log(f"{axis.name}: {size:,}: {seconds:.3g} s, {memory:.0f} MB")
    columns = tuple(tuple(column) for column in zip(*costs, strict=True))
    return Grown(name=axis.name, sizes=axis.sizes, seconds=columns[0], memory=columns[1])


def keep_seconds(run: Callable[[int], float], size: int, path: str) -> None:
    """Do the work in the process whose memory is measured, and leave its seconds in a file.

    Args:
        run: of an axis.
        size: of the work.
        path: of the file.
    """
    Path(path).write_text(repr(run(size)), encoding="utf-8")


def table(grown: Sequence[Grown]) -> str:
    """Show axes as a table.

    Args:
        grown: what was measured.

    Returns:
        Markdown: the smallest and the largest size, their costs and the exponents.
    """
    rows = [
        "| what grows | from | to | time | exponent | memory | exponent |",
        "|---" * 7 + "|",
    ]
    for each in grown:
        seconds = f"{each.seconds[0]:.2g} s to {each.seconds[-1]:.3g} s"
        memory = f"{each.memory[0]:.0f} MB to {each.memory[-1]:.0f} MB"
        rows.append(
            f"| {each.name} | {each.sizes[0]:,} | {each.sizes[-1]:,} | {seconds} | {each.time_exponent:.2f} "
            f"| {memory} | {each.memory_exponent:.2f} |"
        )
    return "\n".join(rows)


def _cost(run: Callable[[int], float], size: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seconds")
        memory = peak_memory(partial(keep_seconds, run), size, str(path))
        return float(path.read_text(encoding="utf-8")), memory
