"""Describe the section `batches` of params.yaml."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hbir.core.params import params_class

_ALPHA = (
    "a number in [0, 1], or a schedule [[until, alpha], …] with until ascending in (0, 1], "
    "the last exactly 1.0, and every alpha in [0, 1]"
)
_LANGUAGES = '"all", or a list of different language codes'


def _check_alpha(value: object) -> object:
    if _is_share(value) or _is_schedule(value):
        return value
    raise ValueError(_ALPHA)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_schedule(value: object) -> bool:
    if not isinstance(value, list) or not value or not all(map(_is_segment, value)):
        return False
    ends = [0, *(until for until, _ in value)]
    return ends[-1] == 1 and all(a < b for a, b in pairwise(ends))


def _is_segment(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_share, value))


def _check_languages(value: object) -> object:
    if value == "all" or (isinstance(value, list) and value and _are_different_names(value)):
        return value
    raise ValueError(_LANGUAGES)


def _are_different_names(value: list[object]) -> bool:
    return all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


@params_class
class HybridParams:
    """Set how often a hybrid step, or a row of hybrid_rows, is monolingual."""

    alpha: Annotated[float | list[list[float]], BeforeValidator(_check_alpha)]
    """Probability of an xx step (hybrid_rows: of a row in one language); or a schedule of [until this share of
    the steps, alpha]; the paper: 0.5."""

    def alpha_at(self, progress: float) -> float:
        """Return alpha at one point of the training.

        Args:
            progress: share of the steps done, in [0, 1).

        Returns:
            The probability of an xx step, or of a row in one language.
        """
        if isinstance(self.alpha, float):
            return self.alpha
        return next(alpha for until, alpha in self.alpha if progress < until)


@params_class
class BatchParams:
    """Set what all plans share, and the hybrid's own."""

    languages: Annotated[Literal["all"] | list[str], BeforeValidator(_check_languages)]
    """Training languages: all of `languages`, or some; the paper trains on neither Greek nor Vietnamese."""
    size: Annotated[int, Field(ge=2)]
    """Pairs in one batch; the paper: 100."""
    steps: Annotated[int, Field(ge=1)]
    """Batches in one plan; not stated in the paper."""
    size_exponent: Annotated[float, Field(ge=0, le=1)]
    """A source's weight is its number of pairs to this power; the paper: "based on dataset size"."""
    hybrid: HybridParams
