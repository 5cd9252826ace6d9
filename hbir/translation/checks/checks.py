"""Decide which translations are not taken, and say why."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import partial

import regex

from hbir.core.languages import LANGUAGES
from hbir.core.text import is_empty, normalise
from hbir.translation.checks.numbers import lost_share
from hbir.translation.checks.repetition import looping
from hbir.translation.checks.script import ScriptCheck
from hbir.translation.params import ChecksParams

logger = logging.getLogger(__name__)

Check = Callable[[str, str], bool]
"""Tells of a source and its translation whether it is to be rejected."""
SHORT = 20
"""Characters: the length of a shorter source says nothing about that of its translation."""
_LETTER = regex.compile(r"\p{L}")
_BREAK = regex.compile(r"(?<=[.!?…])\s+|\n")
"""Where sentences end, about; to find them exactly takes longer than all checks."""


class Checks:
    """Hold the checks of one language in the order in which their reasons count."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Keep them.

        Args:
            checks: reason → check.
        """
        self._checks = dict(checks)

    def reason(self, source: str, translation: str) -> str | None:
        """Check a translation.

        Args:
            source: the English text.
            translation: what an engine, or a file of parallel texts, says is the same.

        Returns:
            Why it is not taken; None where nothing speaks against it.
        """
        return next((reason for reason, fails in self._checks.items() if fails(source, translation)), None)

    def without(self, reasons: Collection[str]) -> "Checks":
        """Leave some out.

        Args:
            reasons: those that mean nothing for an engine.

        Returns:
            The others.
        """
        return Checks({reason: check for reason, check in self._checks.items() if reason not in reasons})


NO_CHECKS = Checks({})
"""For English, which nobody translated."""
LANGUAGE_REASONS = frozenset({"copied", "wrong_script"})
"""Reasons that mean nothing where English words stay on purpose."""
CONTENT_REASONS = frozenset({"length_ratio", "lost_numbers"})
"""Reasons that mean nothing where sentences are left out on purpose."""


def make_checks(params: ChecksParams, target: str) -> Checks:
    """Make the checks of a language.

    Args:
        params: the thresholds.
        target: its tag; what `hbir.core.languages` does not know has no check of script and length.

    Returns:
        The checks that are switched on.
    """
    known = LANGUAGES.get(target)
    if known is None and (params.script is not None or params.length_ratio is not None):
        logger.warning("translate %s: an unknown language; script and length are not checked", target)
    checks: dict[str, Check] = {"empty": empty}
    if params.copied_words is not None:
        checks["copied"] = partial(copied, params.copied_words)
    if params.script is not None and known:
        checks["wrong_script"] = partial(wrong_script, ScriptCheck(known.scripts), params.script)
    if params.repetitions is not None:
        checks["repetition"] = partial(looping, target, params.repetitions)
    if params.length_ratio is not None and known:
        checks["length_ratio"] = partial(ill_sized, params.length_ratio, known.length)
    if params.lost_numbers is not None:
        checks["lost_numbers"] = partial(numbers_lost, params.lost_numbers)
    return Checks(checks)


def empty(source: str, translation: str) -> bool:
    """Tell whether nothing is there to be read, or punctuation alone where the source has letters or digits."""
    return not normalise(translation) or (is_empty(translation) and not is_empty(source))


def copied(words: int, source: str, translation: str) -> bool:
    """Tell whether a source of so many words came back as it is, or its greater part in sentences of so many.

    Names and short titles may stay as they are.
    """
    text, found = normalise(source), normalise(translation)
    if text == found:
        return _words(text) >= words
    sentences = filter(None, map(normalise, _BREAK.split(source)))
    repeated = Counter(each for each in sentences if _words(each) >= words)
    left = sum(len(each) * times for each, times in repeated.items() if each in found)
    return left > len(text) / 2


def wrong_script(check: ScriptCheck, smallest: float, source: str, translation: str) -> bool:
    """Tell whether too few letters are in the scripts of the language."""
    return check.share(source, translation) < smallest


def ill_sized(bounds: list[float], typical: float, source: str, translation: str) -> bool:
    """Tell whether a translation is much shorter or longer than its language leads one to expect.

    What stays English, such as a path, keeps its length also in a language that is written more tightly.
    """
    if len(source) < SHORT:
        return False
    shortest, longest = bounds
    ratio = len(translation) / len(source)
    return not shortest * typical <= ratio <= longest * max(typical, 1.0)


def numbers_lost(largest: float, source: str, translation: str) -> bool:
    """Tell whether too many of the source's numbers are missing."""
    return lost_share(source, translation) > largest


def _words(text: str) -> int:
    return sum(_LETTER.search(chunk) is not None for chunk in text.split())
