"""Switch words of English texts into another language with a bilingual lexicon: the code-switching baseline."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import regex
from pydantic import Field

from hbir.core.errors import DataError, LanguageError
from hbir.core.languages import ENGLISH, LANGUAGES, language_code
from hbir.core.lines import broken, expanded, read_lines
from hbir.core.params import params_class
from hbir.core.seeds import generator
from hbir.translation.engines.engine import Assignment, Segment
from hbir.translation.params import EngineParams

_WORD = regex.compile(r"[\w\p{M}]+(?:['’][\w\p{M}]+)*")
_NAMED = re.compile(r"([a-z]{2,3})[-_]([a-z]{2,3})(?:[._-].*)?", re.IGNORECASE)
_FORMAT = "`word translation`, or with a tab between them where one has several words"


@params_class
class GlossaryParams(EngineParams):
    """Describe the engine `glossary`."""

    path: str
    """The lexicon, `{lang}` standing for the language; `$VARIABLE` and `~` are resolved."""
    probability: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Chance of a word that the lexicon has to be replaced (arXiv 2305.05295: 0.5)."""


class Lexicon(NamedTuple):
    """Hold what a lexicon file says."""

    words: Mapping[str, str]
    """Lower-case English word or phrase → its first translation that is another word."""
    lengths: tuple[int, ...]
    """How many words its entries have, the largest number first."""


class GlossaryEngine:
    """Replace words one by one; what the lexicon lacks, and grammar, stay English.

    Each word is drawn for, and the draw depends on the text, the word's place and the language alone; the
    translation is the lexicon's first. Other than in the paper, one word at least is replaced, and a text
    without any that could be has no translation: nothing is English under another language's name.

    Source: Litschko, Artemova, Plank (2023), arXiv 2305.05295, bilingual code-switching.
    """

    name = "glossary"
    truncated = 0
    mixes_languages = True
    abridges = False

    def __init__(self, params: GlossaryParams, assignment: Assignment) -> None:
        """Read the lexicon.

        Args:
            params: of the engine.
            assignment: what it is made for.

        Raises:
            DataError: when the lexicon is missing, empty or has another format.
            ParamsError: when its path names a variable that is not set.
            LanguageError: when its name says that it is of other languages.
        """
        self._target, self._probability = assignment.target, params.probability
        path = expanded(params.path.replace("{lang}", assignment.target), f"{assignment.where}: path")
        _check_name(path, assignment)
        self._lexicon = read_lexicon(path, assignment.where)

    def translate(self, segments: Sequence[Segment]) -> list[str | None]:
        """Switch words of each text.

        Args:
            segments: English texts.

        Returns:
            The mixed texts; None where the lexicon has no word of a text.
        """
        return [switch(segment.text, self._lexicon, self._target, self._probability) for segment in segments]


def read_lexicon(path: Path, where: str) -> Lexicon:
    """Read a bilingual lexicon, such as MUSE's.

    Args:
        path: a text file with an English word and a translation per line, also gzipped.
        where: what asks for it, for a message.

    Returns:
        What it says.

    Raises:
        DataError: when the file is missing, has no words, or a line that is none.
    """
    if not path.is_file():
        raise DataError(
            where=where,
            expected=f"a lexicon in {path}",
            found="a folder" if path.is_dir() else "no file",
            hint=f"Fetch one, such as MUSE's; each line is {_FORMAT}.",
        )
    words: dict[str, str] = {}
    for number, line in read_lines(path):
        if line.strip():
            word, translation = _entry(path, number, line)
            if translation.lower() != word:
                words.setdefault(word, translation)
    if not words:
        raise DataError(
            where=where,
            expected=f"lines such as {_FORMAT} in {path}",
            found="no word with a translation",
            hint="Fetch the lexicon again.",
        )
    return Lexicon(words, tuple(sorted({len(_WORD.findall(word)) for word in words}, reverse=True)))


def switch(text: str, lexicon: Lexicon, target: str, probability: float) -> str | None:
    """Replace words of a text.

    Args:
        text: in English.
        lexicon: words and phrases; the longest phrase counts.
        target: the language's tag, which the draws depend on.
        probability: of each word of the lexicon to be replaced, above 0; where that leaves all of them, the one
            with the lowest draw is replaced.

    Returns:
        The text, all else as it was, a capital for a capital; None where the lexicon has none of its words.
    """
    found = list(_found(text, lexicon))
    if not found:
        return None
    draws = generator(0, "glossary", target, text).random(len(found))  # (words of the lexicon,)
    threshold = max(probability, float(draws.min()))
    pieces, end = [], 0
    for (start, stop), draw in zip(found, draws, strict=True):
        if draw <= threshold:
            pieces += [text[end:start], _cased(lexicon.words[_key(text[start:stop])], text[start:stop])]
            end = stop
    return "".join([*pieces, text[end:]])


def _check_name(path: Path, assignment: Assignment) -> None:
    """Refuse `de-en.txt` and `en-fr.txt` for German, which could be read and would give nonsense."""
    named = _NAMED.fullmatch(path.name)
    if named is None or not all(code in LANGUAGES for code in map(language_code, named.groups())):
        return
    if [language_code(code) for code in named.groups()] != [ENGLISH, language_code(assignment.target)]:
        raise LanguageError(
            where=assignment.where,
            expected=f"a lexicon from English into {assignment.target!r}",
            found=f"{path.name}, from {named[1]} into {named[2]}",
            hint="Name that of the language; or rename the file, where it is the right one.",
        )


def _entry(path: Path, number: int, line: str) -> tuple[str, str]:
    parts = [part.strip() for part in line.split("\t")] if "\t" in line else line.split()
    if len(parts) != 2 or not all(parts):
        raise broken(path, number, _FORMAT, repr(line[:80]))
    return _key(parts[0]), " ".join(parts[1].split())


def _found(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text)]
    place = 0
    while place < len(words):
        ends = (place + length - 1 for length in lexicon.lengths if 0 < length <= len(words) - place)
        last = next((at for at in ends if _key(text[words[place][0] : words[at][1]]) in lexicon.words), None)
        if last is not None:
            yield words[place][0], words[last][1]
        place = place + 1 if last is None else last + 1


def _key(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", word).lower().replace("’", "'").split())


def _cased(translation: str, word: str) -> str:
    if len(word) > 1 and word.isupper():
        return translation.upper()
    return translation[:1].upper() + translation[1:] if word[:1].isupper() else translation
