"""Keep the texts of benchmarks out of what is trained on."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from hbir.benchmarks.registry import Task, load, name_of
from hbir.benchmarks.streamed import StreamedTask
from hbir.collection.bloom import Bloom
from hbir.collection.phrases import Phrases, units
from hbir.collection.source import Pair
from hbir.core.registry import Entry

logger = logging.getLogger(__name__)
MEMORY = 1 << 28
"""Bytes for what is known of the pairs while a streamed corpus is read: 16 bits for each run of 134 million."""
_HIGH = 0.05
"""Share of a streamed corpus that is held for nothing, from which a warning says so."""


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


class Guard:
    """Hold the queries and candidates of benchmarks.

    A pair leaks when in any language at hand its query equals a query of a benchmark, or its passage contains a
    candidate of at least SHORTEST units, without its title or context; punctuation, case and spacing do not
    count.
    """

    def __init__(
        self, tasks: Sequence[tuple[str, Task]], pairs: Callable[[], Iterable[Pair]], memory: int = MEMORY
    ) -> None:
        """Take in all benchmarks.

        Args:
            tasks: those of the benchmarks, with their names.
            pairs: gives all pairs, from the start.
            memory: bytes for what is known of the pairs while a streamed corpus is read.
        """
        self._queries: dict[str, str] = {}
        self._phrases = Phrases()
        self._pairs, self._memory = pairs, memory
        for name, task in tasks:
            self._add(task, name)

    def owner(self, pair: Pair) -> str | None:
        """Name the benchmark that holds a pair.

        Args:
            pair: any.

        Returns:
            Its name, or None.
        """
        for language, version in pair.texts():
            query = units(version.query, language).text
            if owner := self._queries.get(query) or self._phrases.find(units(version.passage, language)):
                return owner
        return None

    def _add(self, task: Task, name: str) -> None:
        streamed = isinstance(task, StreamedTask)
        judged = task.judged if isinstance(task, StreamedTask) else task
        for language, text in zip(judged.query_langs, judged.queries, strict=True):
            if query := units(text, language).text:
                self._queries.setdefault(query, name)
        for language, text in _candidates(task):
            phrase = units(text, language)
            # A corpus of millions is not held: only what begins as some pair's passage goes on.
            if not streamed or (phrase.head and hash(phrase.head) in self._known):
                self._phrases.add(phrase, name)

    @cached_property
    def _known(self) -> Bloom:
        """Remember which runs of units occur in passages; one taken for another costs memory alone."""
        known = Bloom(self._memory)
        for pair in self._pairs():
            for language, version in pair.texts():
                for _, gram in units(version.passage, language).grams():
                    known.add(hash(gram))
        rate = known.false_positive_rate
        if rate > _HIGH:
            logger.warning("leak guard: %.0f%% of a streamed corpus is held for nothing", 100 * rate)
        return known


def _candidates(task: Task) -> Iterator[tuple[str, str]]:
    if isinstance(task, StreamedTask):
        for language, corpus in task.corpora.items():
            yield from ((language, passage.body or passage.text) for passage in corpus)
    else:
        yield from zip(task.passage_langs, task.bodies or task.passages, strict=True)
