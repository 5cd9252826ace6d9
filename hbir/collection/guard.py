"""Keep the texts of benchmarks out of what is trained on."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from hbir.benchmarks.registry import Task, load, name_of
from hbir.benchmarks.streamed import StreamedTask
from hbir.collection.phrases import Phrases, units
from hbir.collection.source import Pair
from hbir.core.registry import Entry


def load_guarded(benchmarks: Sequence[Entry]) -> list[tuple[str, Task]]:
    """Load the benchmarks to guard, so that a missing file is found before any source is read.

    Args:
        benchmarks: entries as in params.yaml.

    Returns:
        Each task with its benchmark's name, in all languages of the benchmark.

    Raises:
        DataError: when a file is missing or broken.
    """
    return [(name_of(entry), task) for entry in benchmarks for task in load(entry, None)]


def leaks(pairs: Mapping[int, Pair], tasks: Sequence[tuple[str, Task]]) -> dict[int, str]:
    """Find the pairs that a benchmark holds.

    A pair leaks when in any language at hand its query equals a query of the benchmark, or its passage
    contains a candidate of at least SHORTEST units, without its title or context; punctuation, case and spacing
    do not count.

    Args:
        pairs: by id.
        tasks: those of the benchmarks, with their names.

    Returns:
        Id → the name of the benchmark, for those to leave out.
    """
    guard = _Guard(pairs)
    for name, task in tasks:
        guard.add(task, name)
    found = {pair_id: guard.owner(pair) for pair_id, pair in pairs.items()} if tasks else {}
    return {pair_id: name for pair_id, name in found.items() if name}


class _Guard:
    """Hold the queries and candidates of benchmarks."""

    def __init__(self, pairs: Mapping[int, Pair]) -> None:
        self._pairs = pairs
        self._queries: dict[str, str] = {}
        self._phrases = Phrases()
        self._known: _Grams | None = None

    def add(self, task: Task, name: str) -> None:
        streamed = isinstance(task, StreamedTask)
        judged = task.judged if isinstance(task, StreamedTask) else task
        for language, text in zip(judged.query_langs, judged.queries, strict=True):
            if query := units(text, language).text:
                self._queries.setdefault(query, name)
        if streamed and self._known is None:
            self._known = _Grams(self._pairs)
        for language, text in _candidates(task):
            phrase = units(text, language)
            # A corpus of millions is not held: only what begins as some pair's passage goes on.
            if not streamed or (self._known and phrase.head in self._known):
                self._phrases.add(phrase, name)

    def owner(self, pair: Pair) -> str | None:
        for language, version in pair.texts():
            query = units(version.query, language).text
            if owner := self._queries.get(query) or self._phrases.find(units(version.passage, language)):
                return owner
        return None


class _Grams:
    """Hold which runs of units occur in passages, 8 bytes each; a rare hash collision costs nothing."""

    def __init__(self, pairs: Mapping[int, Pair]) -> None:
        hashes = array("q")
        for language, version in chain.from_iterable(map(Pair.texts, pairs.values())):
            hashes.extend(hash(gram) for _, gram in units(version.passage, language).grams())
        self._hashes = np.unique(np.frombuffer(hashes, np.int64))  # (n_grams,)

    def __contains__(self, gram: str) -> bool:
        place = np.searchsorted(self._hashes, hash(gram))
        return bool(place < len(self._hashes) and self._hashes[place] == hash(gram))


def _candidates(task: Task) -> Iterator[tuple[str, str]]:
    if isinstance(task, StreamedTask):
        for language, corpus in task.corpora.items():
            yield from ((language, passage.body or passage.text) for passage in corpus)
    else:
        yield from zip(task.passage_langs, task.bodies or task.passages, strict=True)
