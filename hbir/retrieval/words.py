"""Split texts into the words that BM25 matches, in every language alike."""

from collections.abc import Iterator

import regex

from hbir.core.text import normalise

_WORD = regex.compile(
    r"(?P<pairs>[\p{Han}\p{Hiragana}\p{Katakana}ー々〆]+)"
    r"|(?P<triples>[[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{M}\p{N}]]+)"
    r"|(?P<word>[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々〆]]+)",
    regex.V1,
)
_LENGTHS = {"pairs": 2, "triples": 3, "word": 0}
"""Characters of an n-gram; 0: the word stays whole."""


def words(text: str) -> list[str]:
    """Split a text into words.

    Where a script has spaces, a word is a run of letters, marks and digits, normalised as everywhere (case
    folded), neither stemmed nor left out as frequent. Chinese and Japanese become overlapping pairs of
    characters, as Lucene's CJKAnalyzer makes them; Thai, Lao, Khmer and Burmese, which write vowels and tones
    as characters of their own, overlapping triples. The script decides, not the language of the text. Gain: in
    Thai .792 instead of .177 monolingual mAP on XQuAD-R, where runs without spaces would be words.

    Args:
        text: any string.

    Returns:
        Its words in order, the same one again where it comes again.
    """
    return list(_words(normalise(text)))


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        length, run = _LENGTHS[str(match.lastgroup)], match[0]
        if not length or len(run) <= length:
            yield run
        else:
            yield from (run[start : start + length] for start in range(len(run) - length + 1))
