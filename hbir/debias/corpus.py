"""Make a user's texts a file that the sources and benchmarks of the project read, and hold documents back."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hbir.benchmarks.parallel_rows import Reading, Text, read_rows
from hbir.collection.near_duplicates import Search
from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.core.languages import ENGLISH
from hbir.core.seeds import derive_seed
from hbir.core.text import is_empty
from hbir.debias.aligned import named_language
from hbir.debias.options import Options
from hbir.debias.texts import Parallel

NEAR = 0.9
"""Jaccard similarity of character 5-grams from which a text repeats another, as in the section `collect`."""
FEWEST_WORDS = 8
"""Of a text in the pivot that a span is cut out of."""
FEWEST_DOCUMENTS, LARGEST_DOCUMENT = 10, 0.3
"""Below so many documents, or with one of so large a share, texts are held out one by one."""
MOST_HELD_OUT = 2000
"""Texts that are asked for, all languages together: the model scores them twice, before and after."""
LEAST_HELD_OUT = 20
"""Texts in each of the languages, whatever their number."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Say what there is to train on and to hold out."""

    languages: tuple[str, ...]
    """Sorted."""
    pivot: str
    """The language that every text has: English where it is there, else the most frequent one."""
    query: Literal["title", "span"]
    texts: int
    documents: int
    """0 where texts are held out one by one."""
    held_out: float
    """Share of the documents, by the project's hash."""
    held_texts: int
    held_documents: int
    dropped: dict[str, int]
    """What was left out, by reason."""


def make_corpus(rows: Sequence[Parallel], options: Options, dropped: Counter[str], path: Path) -> Corpus:
    """Choose languages, query and pivot, leave repetitions out, hold documents back, and write the file.

    Args:
        rows: what `read_texts` gave.
        options: of the run.
        dropped: counts, by reason, what is left out.
        path: the `.jsonl` file to write.

    Returns:
        What there is.

    Raises:
        DataError: when there is one language alone, or too few texts.
    """
    languages, rows = _chosen(rows, options, dropped)
    rows = [row for row in rows if len(row.versions) > 1]
    if not rows:
        raise _too_few(options, languages, 0)
    pivot = _pivot(rows)
    query = options.query or ("title" if all(_titled(row) for row in rows) else "span")
    rows = _different([row for row in rows if pivot in row.versions], pivot, dropped)
    named = _documents(rows)
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.writelines(_lines(rows, named))
    reading = Reading(query=query, fewest_words=FEWEST_WORDS, pivot=pivot)
    usable = Counter(row.document for row in read_rows(path, reading, dropped))
    if usable.total() < 2 * options.batch_size or len(usable) < 2:
        raise _too_few(options, languages, usable.total())
    most = max(LEAST_HELD_OUT, MOST_HELD_OUT // len(languages))
    share, held = held_out_share(usable, options.held_out, most)
    return Corpus(
        languages=tuple(languages),
        pivot=pivot,
        query=query,
        texts=usable.total(),
        documents=len(usable) if named else 0,
        held_out=share,
        held_texts=sum(usable[document] for document in held),
        held_documents=len(held) if named else 0,
        dropped=dict(sorted(dropped.items())),
    )


def held_out_share(documents: Mapping[str, int], wanted: float, most: int) -> tuple[float, list[str]]:
    """Choose a share of the documents such that not more texts than wanted are held out.

    Args:
        documents: how many texts each has.
        wanted: share of the texts.
        most: texts.

    Returns:
        The share with which `is_held_out` holds out these documents: at least one, and never all.
    """
    order = sorted(documents, key=_place)
    target = min(wanted * sum(documents.values()), most)
    held, texts = [order[0]], documents[order[0]]
    for document in order[1:-1]:
        texts += documents[document]
        if texts > target:
            break
        held.append(document)
    return (_place(order[len(held) - 1]) + _place(order[len(held)])) / 2 / 2**63, held


def _place(document: str) -> int:
    """Draw what `is_held_out` compares with the share."""
    return derive_seed(0, "held out", document)


def _chosen(
    rows: Sequence[Parallel], options: Options, dropped: Counter[str]
) -> tuple[list[str], list[Parallel]]:
    """Keep the languages that are wanted and can fill a batch, without empty texts."""
    wanted = {named_language(lang, "--lang") for lang in options.languages}
    filled = [
        Parallel(
            row.document,
            {
                code: text
                for code, text in row.versions.items()
                if (not wanted or code in wanted) and not is_empty(text.passage)
            },
        )
        for row in rows
    ]
    counts = Counter(code for row in filled for code in row.versions)
    few = {code: count for code, count in counts.items() if count < 2 * options.batch_size}
    dropped.update({f"{code}, too few for a batch": count for code, count in few.items()})
    languages = sorted(counts.keys() - few.keys())
    absent = sorted(wanted - counts.keys())
    if len(languages) < 2 or absent:
        raise _one_language(options, counts, absent)
    kept = [
        Parallel(row.document, {code: text for code, text in row.versions.items() if code not in few})
        for row in filled
    ]
    return languages, kept


def _one_language(options: Options, counts: Mapping[str, int], absent: Sequence[str]) -> DataError:
    least = 2 * options.batch_size
    found = ", ".join(f"{count:,} in {code}" for code, count in sorted(counts.items())) or "none"
    return DataError(
        where=", ".join(options.texts),
        expected=f"texts in {', '.join(absent)}"
        if absent
        else f"two languages of at least {least:,} texts each",
        found=found,
        hint="Correct --lang." if absent else "Add texts, or lower --batch-size, of which this is twice.",
    )


def _too_few(options: Options, languages: Sequence[str], found: int) -> DataError:
    return DataError(
        where=", ".join(options.texts),
        expected=f"at least {2 * options.batch_size:,} texts in two languages or more ({', '.join(languages)})",
        found=f"{found:,} that can be used",
        hint="Add texts, or lower --batch-size, of which this is twice.",
    )


def _pivot(rows: Sequence[Parallel]) -> str:
    """Choose English where it is there, else the most frequent language, the first of equals."""
    counts = Counter(code for row in rows for code in row.versions)
    return ENGLISH if ENGLISH in counts else min(counts, key=lambda code: (-counts[code], code))


def _titled(row: Parallel) -> bool:
    return all(not is_empty(text.query) for text in row.versions.values())


def _different(rows: Sequence[Parallel], pivot: str, dropped: Counter[str]) -> list[Parallel]:
    """Leave out what nearly repeats an earlier text, so that none is on both sides of a split."""
    again = Search([_pair(row.versions[pivot]) for row in rows], NEAR).dropped()
    dropped["text that another nearly repeats"] += int(again.sum())
    return [row for row, is_again in zip(rows, again.tolist(), strict=True) if not is_again]


def _pair(text: Text) -> tuple[str, str]:
    return text.query or text.passage, text.passage


def _documents(rows: Sequence[Parallel]) -> bool:
    """Tell whether whole documents can be held out."""
    counts = Counter(row.document for row in rows)
    return (
        "" not in counts
        and len(counts) >= FEWEST_DOCUMENTS
        and max(counts.values()) <= LARGEST_DOCUMENT * counts.total()
    )


def _lines(rows: Sequence[Parallel], named: bool) -> Iterator[str]:
    for number, row in enumerate(rows):
        row_id = f"{row.document.replace('#', '/')}#{number}" if named else str(number)
        text = {code: {"title": text.query, "body": text.passage} for code, text in row.versions.items()}
        yield json.dumps({"id": row_id, "text": text}, ensure_ascii=False) + "\n"
