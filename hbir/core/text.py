"""Normalise texts, so that what reads the same is the same wherever texts are compared."""

import re
import unicodedata

import regex

_INVISIBLE = (
    "\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"  # control characters
    # Unicode's Default_Ignorable_Code_Point, such as joiners, soft hyphens and the byte order mark.
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_VOWEL_SIGNS = (
    "\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"  # Arabic, and its tatweel
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
)
_UNREAD = re.compile(f"[{_INVISIBLE}{_VOWEL_SIGNS}]")
_ACCENTED = re.compile(
    "[\u0370-\u03ff][\u0300-\u036f]+"  # Greek capitals have no accents
    "|е[\u0300\u0301\u0308]+|[аиоуыэюяії][\u0300\u0301]+"  # the dots of Russian ё, stress marks
    "|i\u0307+"  # what case folding leaves of the Turkish İ
)
_ONE_LETTER = (("ı", "i"), ("ي", "ی"), ("ك", "ک"))
"""I is the capital of both Turkish letters; Arabic and Persian keyboards write one letter in two ways."""
_WORD = regex.compile(r"[[\p{L}\p{N}]--\p{Default_Ignorable_Code_Point}]", regex.V1)


def normalise(text: str) -> str:
    """Fold what does not make two texts different to a reader.

    Args:
        text: any string.

    Returns:
        The text in NFKC, case-folded, with runs of white space as one space, without invisible characters and
        without the marks that writers may leave out.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", _UNREAD.sub("", folded))
        for one, other in _ONE_LETTER:
            folded = folded.replace(one, other)
        folded = unicodedata.normalize("NFKC", _ACCENTED.sub(_letter, folded))
    elif not folded.isprintable():
        folded = _UNREAD.sub("", folded)
    return " ".join(folded.split())


def is_empty(text: str) -> bool:
    """Tell whether a text says nothing.

    Args:
        text: any string.

    Returns:
        Whether no letter and no digit is to be seen in it, only white space, punctuation or symbols.
    """
    return _WORD.search(text) is None


def _letter(accented: re.Match[str]) -> str:
    return accented[0][0]
