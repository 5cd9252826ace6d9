"""Translate only what the memory does not know yet, batch by batch, and keep every batch at once."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, zip_longest
from typing import NoReturn

from hbir.core.errors import DataError
from hbir.core.interrupt import Interrupt, Stopped, interruptible
from hbir.translation.engines.engine import Segment, Translator, Unfinished
from hbir.translation.memory.batches import Batch, measure, plan_batches
from hbir.translation.memory.memory import Memory, Part
from hbir.translation.memory.progress import Progress
from hbir.translation.memory.sentences import Unit, join, split_texts, translatable
from hbir.translation.memory.store import Remembered

logger = logging.getLogger(__name__)
Runner = Callable[[Iterable[list[str]]], Iterator[list[str]]]
"""Translates batches; results come in the order of the batches."""


class MemorisedEngine:
    """Make an engine of a translator: sentences, memory, batches."""

    mixes_languages = False
    abridges = False

    def __init__(
        self,
        name: str,
        translator: Translator,
        memory: Memory,
        target: str,
        batch_tokens: int,
        runner: Runner | None = None,
    ) -> None:
        """Keep what is needed; nothing is loaded.

        Args:
            name: the engine's, as in params.yaml.
            translator: into the target language.
            memory: the language's file.
            target: the language's tag.
            batch_tokens: tokens per batch, padding included.
            runner: what translates batches elsewhere; None for here.
        """
        self.name = name
        self.truncated = 0
        self._translator = translator
        self._memory = memory
        self._target = target
        self._batch_tokens = batch_tokens
        self._runner = runner or (lambda batches: map(translator.translate, batches))

    def translate(self, segments: Sequence[Segment]) -> list[str | None]:
        """Translate what is not remembered, and put it together.

        Args:
            segments: what to translate, none twice.

        Returns:
            A translation of each; an empty one where the translator returned nothing for one of its sentences.

        Raises:
            DataError: when the translator loses count, or the memory cannot be read or written.
            KeyboardInterrupt: after a signal; what was translated is kept.
        """
        texts = list(dict.fromkeys(segment.text for segment in segments))
        units = dict(zip(texts, split_texts(texts, self._memory), strict=True))
        sentences = dict.fromkeys(unit.text for unit in chain(*units.values()) if translatable(unit.text))
        known = self._translations(list(sentences))
        self.truncated += sum(_truncated(units[text], known) for text in texts)
        return [_joined(units[segment.text], known, self._target) for segment in segments]

    def _translations(self, sentences: list[str]) -> Mapping[str, Remembered]:
        part = self._memory.part({"translator": self._translator.identity, "target": self._target})
        known = part.get(sentences)
        unknown = [sentence for sentence in sentences if sentence not in known]
        if unknown:
            part.make_sure_to_write()
        sized = measure(unknown, self._translator)
        tokens = sum(sentence.length for sentence in sized)
        with Progress(self._target, len(unknown), tokens, len(known)) as progress:
            new = self._run(plan_batches(sized, self._batch_tokens), part, progress)
        # Of two processes that translate the same at once, the first to commit is right for both.
        return {**known, **new, **part.get(unknown)}

    def _run(self, batches: list[Batch], part: Part, progress: Progress) -> dict[str, Remembered]:
        if not batches:
            return {}
        done: dict[str, Remembered] = {}
        results = self._runner([sentence.text for sentence in batch] for batch in batches)
        batch: Batch
        translations: list[str]
        with _closing(results), interruptible() as interrupt:
            for batch, translations in zip_longest(batches, results, fillvalue=[]):
                entries = self._entries(batch, translations)
                part.put(entries)
                done |= entries
                progress.add(len(batch), sum(sentence.length for sentence in batch))
                if interrupt.requested:
                    self._stop(interrupt, len(done))
        return done

    def _entries(self, batch: Batch, translations: list[str]) -> dict[str, Remembered]:
        if len(translations) != len(batch):
            raise DataError(
                where=f"translate: engine {self.name}, {self._target}",
                expected=f"{len(batch)} translations",
                found=str(len(translations)),
                hint=f"Report it with the batch's first sentence: {[each.text[:80] for each in batch[:1]]}.",
            )
        return {
            source.text: Remembered(text.strip(), source.truncated or isinstance(text, Unfinished))
            for source, text in zip(batch, translations, strict=True)
        }

    def _stop(self, interrupt: Interrupt, done: int) -> NoReturn:
        logger.warning(
            "%s: stopped; %s sentences of this run are kept in %s; run the command again to go on",
            self._target,
            f"{done:,}",
            self._memory.path,
        )
        raise Stopped(interrupt.number, is_said=True)


@contextmanager
def _closing(results: Iterator[list[str]]) -> Iterator[None]:
    """Let go of workers at once where results come from any, also after an error."""
    try:
        yield
    finally:
        if isinstance(results, Generator):
            results.close()


def _joined(units: Sequence[Unit], known: Mapping[str, Remembered], target: str) -> str:
    translated = [Unit(known[unit.text].text, unit.gap) if translatable(unit.text) else unit for unit in units]
    # A passage without one of its sentences would be taken for whole; an empty one is rejected and counted.
    lost = any(before.text and not after.text for before, after in zip(units, translated, strict=True))
    return "" if lost else join(translated, target)


def _truncated(units: Sequence[Unit], known: Mapping[str, Remembered]) -> bool:
    return any(known[unit.text].truncated for unit in units if unit.text in known)
