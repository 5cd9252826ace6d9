"""Find texts that say the same over and over, as a model does that got stuck."""

import numpy as np
import regex
from numpy.typing import NDArray

from hbir.core.languages import UNSPACED
from hbir.core.text import normalise

LONGEST = 100
"""Units of the longest loop that is looked for; so that the time grows with a text's length alone."""
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LETTER = regex.compile(r"[\p{L}\p{M}]")


def looping(target: str, times: int, source: str, translation: str) -> bool:
    """Tell whether the same words follow each other so many times in the translation alone.

    Letters take the place of words where these are not spaced, so the source is looked at in both ways.
    """
    if not repeats(units(translation, target), times):
        return False
    return not any(repeats(units(source, language), times) for language in ("en", target))


def units(text: str, language: str) -> NDArray[np.int64]:
    """Number the units of a text, equal ones alike.

    Args:
        text: any text; only its letters, marks and, in words, digits count, normalised.
        language: its language, which decides between words and characters.

    Returns:
        A number for each word, or for each letter where words are not spaced; shape (n,).
    """
    pattern = _LETTER if language in UNSPACED else _WORD
    known: dict[str, int] = {}
    found = [known.setdefault(unit, len(known)) for unit in pattern.findall(normalise(text))]
    return np.array(found, dtype=np.int64)


def repeats(numbers: NDArray[np.int64], times: int) -> bool:
    """Tell whether the same units follow each other many times.

    Args:
        numbers: of `units`, shape (n,).
        times: repetitions that count, at least 2.

    Returns:
        Whether any run of at most LONGEST units is there so many times without anything between.
    """
    for period in range(1, min(LONGEST, len(numbers) // times) + 1):
        same = numbers[period:] == numbers[:-period]  # (n - period,)
        needed = period * (times - 1)
        if np.count_nonzero(same) >= needed and _longest_streak(same) >= needed:
            return True
    return False


def _longest_streak(same: NDArray[np.bool_]) -> int:
    breaks = np.flatnonzero(np.concatenate(([True], ~same, [True])))
    return int(np.diff(breaks).max()) - 1
