"""Compare scores of two machines within tolerances, where bytes cannot be the same."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hbir.core.errors import DataError

UNIT, RELATIVE = 0.02, 0.1
"""Largest difference of a measure between 0 and 1, and of any other as a share of the larger value.

Another CPU adds in another order. A training magnifies that, so its scores move; less than by another seed.
"""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hold one score of two machines; None where one has no such score."""

    name: str
    """File and keys."""
    here: float | None
    there: float | None

    @property
    def is_within(self) -> bool:
        """Tell whether they agree."""
        if self.here is None or self.there is None:
            return False
        return abs(self.here - self.there) <= self.allowed

    @property
    def allowed(self) -> float:
        """Return the largest difference that is tolerated."""
        largest = max(abs(self.here or 0.0), abs(self.there or 0.0))
        return UNIT if largest <= 1 else RELATIVE * largest


def compare_scores(here: Mapping[str, str], there: Mapping[str, str]) -> list[Score]:
    """Compare two sets of files of metrics.

    Args:
        here: name of a file → its text.
        there: the same of another machine.

    Returns:
        Every score of either.

    Raises:
        DataError: when a file is no JSON, or has other values than numbers.
    """
    one, other = _numbers(here), _numbers(there)
    return [Score(name=name, here=one.get(name), there=other.get(name)) for name in sorted(one | other)]


def score_table(scores: list[Score]) -> str:
    """Lay the scores out.

    Args:
        scores: of both machines.

    Returns:
        Lines: name, here, there, difference allowed, and what is wrong.
    """
    width = max(len(score.name) for score in scores) if scores else 0
    return "\n".join(
        f"{score.name:<{width}}  {_shown(score.here):>10}  {_shown(score.there):>10}  ± {score.allowed:.4g}"
        f"{'' if score.is_within else '  outside'}"
        for score in scores
    )


def _shown(value: float | None) -> str:
    return "missing" if value is None else f"{value:.5g}"


def _numbers(files: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, text in files.items():
        try:
            found |= {f"{name}: {key}": value for key, value in _flat(json.loads(text))}
        except ValueError as error:
            raise DataError(
                where=name,
                expected="metrics, as hbir writes them",
                found=str(error),
                hint="Name a folder `metrics`, or what `--save` wrote.",
            ) from error
    return found


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield prefix, float(value)
    else:
        raise ValueError(f"{value!r} at {prefix or 'its top'}")
