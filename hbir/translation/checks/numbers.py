"""Compare the numbers of two texts, whatever digits and separators they are written with."""

import unicodedata
from collections.abc import Iterator
from itertools import accumulate

import regex

GROUPS = 8
"""Groups of digits of the longest number that is looked for; `1,234,567.89` has four."""
SPELT = 2
"""Digits of the longest number that may be spelt out."""
_ENGLISH = "[.,'’٫٬]"
_ALONE = regex.compile(
    rf"(?<![\p{{L}}\p{{Nd}}]|\p{{Nd}}{_ENGLISH})"
    rf"\p{{Nd}}++(?:{_ENGLISH}\p{{Nd}}++){{0,{GROUPS - 1}}}+(?!{_ENGLISH}\p{{Nd}}|\p{{L}}|['’]s\b)"
)
_RUN = regex.compile(r"\p{Nd}++")
_MYRIAD, _SQUARE = "万萬만", "亿億억"
"""10⁴ and 10⁸, between the digits of one number."""
_SEPARATOR = rf"(?:[.,'’٫٬،/．，\p{{Zs}}]|[{_MYRIAD}{_SQUARE}]\p{{Zs}}?)"
_CHAIN = regex.compile(rf"\p{{Nd}}++(?:{_SEPARATOR}\p{{Nd}}++)*+")
_SHORT = regex.compile(rf"(?<=([{_MYRIAD}{_SQUARE}])\p{{Zs}}?)\p{{Nd}}++(?=([{_MYRIAD}])|)")


def lost_share(source: str, translation: str) -> float:
    """Measure how many of a text's numbers its translation lacks.

    Zeros at both ends do not count, so that `2.5 million` is found in `250万`, and `10,000` is not looked for;
    nor is what touches a letter, for other languages say `15th` and `1970s` in other ways. One number of two
    digits that is missing alone may be spelt out.

    Args:
        source: an English text; its numbers of two significant digits or more count, each once.
        translation: any text.

    Returns:
        The share in [0, 1]; 0 where the source has no such number.
    """
    wanted = {number for number in map(_significant, _ALONE.findall(source)) if len(number) > 1}
    if not wanted:
        return 0.0
    lost = wanted - set(_readings(translation))
    spelt = len(lost) == 1 and len(min(lost)) <= SPELT
    return 0.0 if spelt else len(lost) / len(wanted)


def _readings(text: str) -> Iterator[str]:
    """Yield every number that may be meant: `12.05` is one or two, and so is `2019 100`."""
    filled = _SHORT.sub(_filled, text)
    chains = _CHAIN.findall(text) + (_CHAIN.findall(filled) if filled != text else [])
    for chain in chains:
        groups = [_digits(run) for run in _RUN.findall(chain)]
        for start in range(len(groups)):
            for number in accumulate(groups[start : start + GROUPS]):
                yield number.strip("0")


def _filled(match: regex.Match[str]) -> str:
    """Write the zeros that `1万5` leaves out."""
    digits: str = match[0]
    return digits.zfill(4 if match[1] in _MYRIAD or match[2] else 8)


def _significant(number: str) -> str:
    return _digits(number).strip("0")


def _digits(number: str) -> str:
    return "".join(str(unicodedata.decimal(mark)) for mark in number if mark.isdecimal())
