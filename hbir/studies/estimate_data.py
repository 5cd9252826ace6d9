"""Estimate the stages that make pairs and plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hbir.collection.gathered import HELD, HELD_BYTES
from hbir.collection.source import PARALLEL, TextSource
from hbir.collection.sources import check_sources, sources_of_texts
from hbir.core.project import training_languages
from hbir.core.samplers import with_stage
from hbir.inputs.check import Params
from hbir.studies import rates
from hbir.studies.amounts import UNKNOWN, Amount, Stage, about, exactly, least, total
from hbir.studies.made import Made
from hbir.studies.source_size import Size, size_of_source
from hbir.translation.selection import select_engines


@dataclass(frozen=True)
class DataStages:
    """Estimate them from the params, the sizes of the sources and what is made."""

    whole: Params
    params: Mapping[str, Any]
    made: Made

    def collect(self) -> Stage:
        """Estimate `collect`: rows are English pairs."""
        made, (rows, text) = self.made.pairs, self._gathered
        pairs = exactly(made.rows) if made else total(size.pairs for size in self._sizes)
        is_held = pairs.value is not None and pairs.value <= HELD and (text.value or 0) <= HELD_BYTES
        return Stage(
            name="collect",
            rows=pairs,
            disk=exactly(made.size) if made else about(rates.PACKED) * text,
            memory=about(rates.BASE) + (exactly(0) if is_held else self._held(pairs)),
            seconds=rates.COLLECT.seconds(rows, text),
        )

    def translate(self) -> Stage:
        """Estimate `translate`: rows are pairs in each language; how fast a model is nobody knows before."""
        made, languages = self.made.translated, len(self.whole.project.languages)
        engines = select_engines(self.whole.translate, self.whole.project.languages).values()
        models = [engine for engine in engines if engine.kind.by_sentence]
        runs_models = bool(models and sources_of_texts(self.whole.collect.sources))
        return Stage(
            name="translate",
            rows=exactly(made.rows) if made else self._versions,
            disk=exactly(made.size) if made else about(rates.PACKED) * self.text(languages),
            memory=UNKNOWN if runs_models else about(rates.BASE),
            seconds=UNKNOWN
            if runs_models
            else rates.TRANSLATE.seconds(self._versions, self.text(languages), languages),
        )

    def batches(self) -> Stage:
        """Estimate `build-batches`: rows are pairs in each training language."""
        made, languages = self.made.batches, len(training_languages(dict(self.params)))
        rows, text = exactly(made.rows) if made else self.rows(languages), self.text(languages)
        planned = len(samplers(self.whole)) * self.whole.batches.size * self.whole.batches.steps
        return Stage(
            name="build-batches",
            rows=rows,
            disk=(exactly(made.size) if made else about(rates.PACKED) * text) + about(rates.PLANNED * planned),
            memory=about(rates.BASE)
            + self.collect().rows * about(rates.INVENTORY + rates.PER_LANGUAGE * languages),
            seconds=rates.BATCHES.seconds(rows, text) + about(rates.PLAN * planned),
        )

    def rows(self, languages: int) -> Amount:
        """Estimate the rows of what is translated.

        Args:
            languages: how many of the project's.

        Returns:
            Pairs, each counted in every one of them.
        """
        return about(languages / len(self.whole.project.languages)) * self.translate().rows

    def text(self, languages: int) -> Amount:
        """Estimate the text of what is translated.

        Args:
            languages: how many of the project's.

        Returns:
            Bytes in all of them.
        """
        share = about(languages / len(self.whole.project.languages))
        both = zip(self._sizes, self._languages, strict=True)
        return share * total(size.pairs * size.text * about(every) for size, every in both)

    @cached_property
    def _sizes(self) -> list[Size]:
        return [size_of_source(*source) for source in check_sources(self.whole.collect.sources)]

    @cached_property
    def _gathered(self) -> tuple[Amount, Amount]:
        """Return rows and bytes that are collected; a pair is a row in each language of its source."""
        kinds = [kind for kind, _ in check_sources(self.whole.collect.sources)]
        every = zip(kinds, self._languages, strict=True)
        languages = [about(count if kind.gives == PARALLEL else 1) for kind, count in every]
        rows = [size.pairs * count for size, count in zip(self._sizes, languages, strict=True)]
        return total(rows), total(row * size.text for row, size in zip(rows, self._sizes, strict=True))

    def _held(self, pairs: Amount) -> Amount:
        """Estimate what `collect` holds while it puts pairs in order that are too many for the memory."""
        rows, text = self._gathered
        part = (rows * about(rates.HELD_ROW) + text) * about(1 / rates.PARTS)
        return least(part, about(self.whole.resources.bytes)) + pairs * about(rates.COLLECTED)

    @property
    def _versions(self) -> Amount:
        if self.made.versions is not None:
            return exactly(self.made.versions)
        both = zip(self._sizes, self._languages, strict=True)
        return total(size.pairs * about(languages) for size, languages in both)

    @property
    def _languages(self) -> list[float]:
        """List for each source in how many languages a pair comes, at most."""
        every = len(self.whole.project.languages)
        sources = check_sources(self.whole.collect.sources)
        is_english = [isinstance(source, TextSource) and not source.translate for _, source in sources]
        known = [every if size.languages is None else min(every, size.languages) for size in self._sizes]
        return [1 if alone else found for alone, found in zip(is_english, known, strict=True)]


def samplers(whole: Params) -> list[str]:
    """List what is planned and trained.

    Args:
        whole: params.yaml.

    Returns:
        The samplers that have a stage, and the baselines.
    """
    return [*with_stage(), *whole.project.baselines]
