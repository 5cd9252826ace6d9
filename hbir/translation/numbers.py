"""Compare the numbers of two texts, whatever digits and separators they are written with."""

import unicodedata

import regex

_SEPARATOR = "[.,'’٫٬]"
_ALONE = regex.compile(
    rf"(?<![\p{{L}}\p{{Nd}}]|\p{{Nd}}{_SEPARATOR})"
    rf"\p{{Nd}}++(?:{_SEPARATOR}\p{{Nd}}++)*+(?!\p{{L}}|['’]s\b)"
)
_RUN = regex.compile(r"\p{Nd}++")
_JOINED = regex.compile(rf"(?<!\p{{Nd}})\p{{Nd}}++(?:{_SEPARATOR}\p{{Nd}}++)++")
_SPACED = regex.compile(r"(?<!\p{Nd})\p{Nd}{1,3}(?:[ \u00a0\u202f]\p{Nd}{3}(?!\p{Nd}))++")


def lost_share(source: str, translation: str) -> float:
    """Measure how many of a text's numbers its translation lacks.

    Zeros at both ends do not count, so that `2.5 million` is found in `250万`, and `10,000` is not looked for;
    nor is what touches a letter, for other languages say `15th` and `1970s` in other ways.

    Args:
        source: an English text; its numbers of two significant digits or more count, each once.
        translation: any text.

    Returns:
        The share in [0, 1]; 0 where the source has no such number.
    """
    wanted = {number for number in map(_significant, _ALONE.findall(source)) if len(number) > 1}
    if not wanted:
        return 0.0
    return len(wanted - _readings(translation)) / len(wanted)


def _readings(text: str) -> set[str]:
    """Return every number that may be meant: `12.05` is one or two, and so is `2019 100`."""
    found = (*_RUN.findall(text), *_JOINED.findall(text), *_SPACED.findall(text))
    return set(map(_significant, found))


def _significant(number: str) -> str:
    digits = "".join(str(unicodedata.decimal(mark)) for mark in number if mark.isdecimal())
    return digits.strip("0")
