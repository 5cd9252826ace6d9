"""Write sources of the paper's shape and of any size: `python -m perf.scale_corpus FOLDER PAIRS`."""

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from hbir.core.languages import ENGLISH, LANGUAGES, UNSPACED
from hbir.core.seeds import generator
from perf.paper_corpus import ALL, MMARCO, SOURCES, Source

LEAST = 400
"""Pairs of the smallest sources, which in proportion would have none."""
WORDS = 1_000
"""Of each language; word n of one is word n of another."""
QUERY_WORDS, PASSAGE_WORDS = (3, 5), (5, 9)
"""Fewest and most. Texts and words are short, so that millions of pairs fit on a small disk."""
_LETTERS = (2, 6)
"""Of an English word; another language's are as many times longer or shorter as its texts are."""
_STRIDE = 7919
"""From the passage of one query to that of the next; a prime, so that all passages are asked for."""
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ALPHABETS = {
    "en": _LATIN,
    "de": f"{_LATIN}äöüß",
    "es": f"{_LATIN}ñáéíóú",
    "tr": f"{_LATIN}çğışöü",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهو",
    "hi": "कखगघचछजझटठडढतथदधनपफबभमयरलवशसह",
    "ru": "абвгдежзиклмнопрстуфхцчшщыьэюя",
    "th": "กขคงจฉชซญฐณดตถทธนบปผฝพฟภมยรลวศสหอฮ",
    "zh": "".join(map(chr, range(0x4E00, 0x5600))),
}


@dataclass(frozen=True)
class Part:
    """Say what a source has at a size."""

    source: Source
    pairs: int
    queries: int
    """Different ones: a query has as many pairs as in the paper's data, at any size."""
    passages: int

    @property
    def is_parallel(self) -> bool:
        """Return whether its pairs come in several languages; the others are English."""
        return self.source.languages == MMARCO

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.source.name}.jsonl{'.gz' if self.is_parallel else ''}"


def parts(pairs: int) -> list[Part]:
    """Divide pairs among the sources in the paper's proportions.

    Args:
        pairs: of all sources, so many that the largest source stays the largest.

    Returns:
        The sources; the largest has what the others leave.
    """
    whole = sum(source.pairs for source in SOURCES)
    sizes = [max(LEAST, round(source.pairs * pairs / whole)) for source in SOURCES]
    largest = max(range(len(SOURCES)), key=lambda number: SOURCES[number].pairs)
    sizes[largest] += pairs - sum(sizes)
    return [_part(source, size) for source, size in zip(SOURCES, sizes, strict=True)]


def _part(source: Source, size: int) -> Part:
    queries, passages = (round(of * size / source.pairs) for of in (source.queries, source.passages))
    return Part(source, size, max(1, queries), max(1, passages))


def different(pairs: int, rows: int) -> float:
    """Tell how many of the largest source's queries in a piece of the pairs are different ones.

    The pairs stand in random order, so a piece draws queries as from an urn.

    Args:
        pairs: of all sources.
        rows: of the piece.

    Returns:
        The expected share of its rows.
    """
    queries = max(part.queries for part in parts(pairs) if part.is_parallel)
    return queries * (1 - (1 - 1 / queries) ** rows) / rows


def vocabulary(lang: str) -> list[str]:
    """Make the words of a language.

    Args:
        lang: one of ALL.

    Returns:
        (WORDS,) words, the same each time.
    """
    rng = generator(0, "scale", "lengths")
    lengths = rng.integers(_LETTERS[0], _LETTERS[1] + 1, size=WORDS)
    room = 1 if lang in UNSPACED else 0  # English has a space after each word
    wanted = np.maximum(1, np.rint((lengths + room) * LANGUAGES[lang].length)).astype(np.int64)
    letters = generator(0, "scale", "letters", lang).integers(len(_ALPHABETS[lang]), size=wanted.sum())
    flat = "".join(_ALPHABETS[lang][letter] for letter in letters.tolist())
    return [flat[start:end] for start, end in pairwise([0, *np.cumsum(wanted).tolist()])]


def texts(part: Part, side: str, words: Sequence[str], lang: str) -> list[str]:
    """Make the different queries or passages of a source in a language.

    Args:
        part: the source.
        side: `queries` or `passages`.
        words: of the language.
        lang: the language.

    Returns:
        Its texts, as JSON; text n of one language is text n of another.
    """
    fewest, most = QUERY_WORDS if side == "queries" else PASSAGE_WORDS
    rng = generator(0, "scale", part.source.name, side)
    ends = np.cumsum(rng.integers(fewest, most + 1, size=getattr(part, side))).tolist()
    numbers = rng.integers(WORDS, size=ends[-1]).tolist()
    gap = "" if lang in UNSPACED else " "
    return [
        json.dumps(gap.join(words[number] for number in numbers[start:end]), ensure_ascii=False)
        for start, end in pairwise([0, *ends])
    ]


def write_sources(folder: Path, pairs: int) -> None:
    """Write all sources, and a lexicon into each language.

    Args:
        folder: of the files; it may exist.
        pairs: of all sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = {lang: vocabulary(lang) for lang in ALL}
    for lang in sorted(set(ALL) - {ENGLISH}):
        words_of_both = zip(words[ENGLISH], words[lang], strict=True)
        lexicon = "".join(f"{one} {other}\n" for one, other in words_of_both)
        (folder / f"en-{lang}.txt").write_text(lexicon, encoding="utf-8")
    for part in parts(pairs):
        path, lines = folder / part.file, _lines(part, words)
        if part.is_parallel:
            with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as packed:
                packed.writelines(lines)
        else:
            with path.open("w", encoding="utf-8") as stream:
                stream.writelines(lines)


def _lines(part: Part, words: dict[str, list[str]]) -> Iterator[str]:
    """Write pairs one by one; what is held are the different texts."""
    langs = part.source.languages if part.is_parallel else (ENGLISH,)
    sides = {lang: [texts(part, side, words[lang], lang) for side in ("queries", "passages")] for lang in langs}
    for number, (query, passage) in enumerate(chosen(part)):
        if part.is_parallel:
            versions = (
                f'"{lang}": {{"title": {queries[query]}, "body": {passages[passage]}}}'
                for lang, (queries, passages) in sides.items()
            )
            yield f'{{"id": "{passage}#{number}", "text": {{{", ".join(versions)}}}}}\n'
        else:
            queries, passages = sides[ENGLISH]
            yield f'{{"query": {queries[query]}, "passage": {passages[passage]}}}\n'


def chosen(part: Part) -> Iterator[tuple[int, int]]:
    """Say which query and which passage each pair has, none twice: a query's passages follow each other.

    Args:
        part: the source.

    Yields:
        Their numbers.
    """
    for number in range(part.pairs):
        turn, query = divmod(number, part.queries)
        yield query, (query * _STRIDE + turn) % part.passages


if __name__ == "__main__":
    write_sources(Path(sys.argv[1]), int(sys.argv[2]))
