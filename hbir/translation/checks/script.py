"""Measure how much of a text is written in the scripts of its language."""

from collections.abc import Sequence

import regex

TELLING = 10
"""Letters: fewer of the source's plain words left as they are say nothing."""
_WORD = regex.compile(r"\p{L}+")
_PLAIN = regex.compile(r"[^\p{L}\p{N}]*+[a-z]++(?:['’-][a-z]++)*+[^\p{L}\p{N}]*+")


class ScriptCheck:
    """Hold the patterns of a language's scripts."""

    def __init__(self, scripts: Sequence[str]) -> None:
        """Compile the patterns.

        Args:
            scripts: Unicode's names, such as `Han`.
        """
        scripts_of_language = "".join(rf"\p{{Script={script}}}" for script in scripts)
        other = rf"\p{{L}}--[{scripts_of_language}\p{{Script=Common}}\p{{Script=Inherited}}]"
        self._in_script = regex.compile(rf"[\p{{L}}&&[{scripts_of_language}]]", regex.V1)
        self._other = regex.compile(rf"[{other}]+", regex.V1)

    def share(self, source: str, translation: str) -> float:
        """Measure the share of a translation's letters that are in the language's scripts.

        Names, paths and code may stay as they are: a word of another script does not count where the source has
        it too, unless that is an English word in small letters.

        Args:
            source: the English text.
            translation: any text.

        Returns:
            The share in [0, 1]; 1 where no letter counts.
        """
        inside = len(self._in_script.findall(translation))
        words = [word.casefold() for word in self._other.findall(translation)]
        if not words:
            return 1.0
        plain, names = _words(source)
        left = sum(len(word) for word in words if word in plain)
        strange = sum(len(word) for word in words if word not in plain and word not in names)
        foreign = strange + (left if left >= TELLING else 0)
        return inside / (inside + foreign) if inside + foreign else 1.0


def _words(source: str) -> tuple[set[str], set[str]]:
    """Divide the words of an English text into plain ones, and those of names, paths and code."""
    plain: set[str] = set()
    names: set[str] = set()
    for chunk in source.split():
        kind = plain if _PLAIN.fullmatch(chunk) else names
        kind.update(word.casefold() for word in _WORD.findall(chunk))
    return plain - names, names
