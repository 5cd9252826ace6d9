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
from hbir.studies.amounts import UNKNOWN, Amount, Stage, about, exactly, total
from hbir.studies.made import Made
from hbir.studies.source_size import Size, size_of_source
from hbir.translation.selection import select_engines

COLLECT = 1.4e-7
"""Seconds of `collect` per byte of text in all languages (docs/performance.md, as all of these)."""
TRANSLATE = 2e-4
"""Seconds of `translate` per pair and language where the engine runs no model."""
PLAN = 8e-7
"""Seconds of `build-batches` per planned row."""
INVENTORY, PER_LANGUAGE = 60, 8
"""Bytes of memory of a pair while plans are made, and of each of its languages."""
COLLECTED = 30
"""Bytes of memory of a pair in `collect` beside `resources.memory`."""
BASE = 3e8
"""Bytes of memory of a command that holds no corpus."""
PACKED, PLANNED = 0.5, 8
"""Bytes on the disk of a byte of text, within a factor of two or so, and of a planned row."""


@dataclass(frozen=True)
class DataStages:
    """Estimate them from the params, the sizes of the sources and what is made."""

    whole: Params
    params: Mapping[str, Any]
    made: Made

    def collect(self) -> Stage:
        """Estimate `collect`: rows are English pairs."""
        made, text = self.made.pairs, self._text
        pairs = exactly(made.rows) if made else total(size.pairs for size in self._sizes)
        is_held = pairs.value is not None and pairs.value <= HELD and (text.value or 0) <= HELD_BYTES
        return Stage(
            name="collect",
            rows=pairs,
            disk=exactly(made.size) if made else about(PACKED) * text,
            memory=about(BASE) if is_held else about(self.whole.resources.bytes) + pairs * COLLECTED,
            seconds=about(COLLECT) * text,
        )

    def translate(self) -> Stage:
        """Estimate `translate`: rows are pairs in each language; how fast a model is nobody knows before."""
        made = self.made.translated
        engines = select_engines(self.whole.translate, self.whole.project.languages).values()
        models = [engine for engine in engines if engine.kind.by_sentence]
        runs_models = bool(models and sources_of_texts(self.whole.collect.sources))
        return Stage(
            name="translate",
            rows=exactly(made.rows) if made else self._versions,
            disk=exactly(made.size) if made else self._packed(len(self.whole.project.languages)),
            memory=UNKNOWN if runs_models else about(BASE),
            seconds=UNKNOWN if runs_models else about(TRANSLATE) * self._versions,
        )

    def batches(self) -> Stage:
        """Estimate `build-batches`: rows are pairs in each training language."""
        made, languages = self.made.batches, len(training_languages(dict(self.params)))
        share = languages / len(self.whole.project.languages)
        rows = exactly(made.rows) if made else about(share) * self.translate().rows
        planned = len(samplers(self.whole)) * self.whole.batches.size * self.whole.batches.steps
        return Stage(
            name="build-batches",
            rows=rows,
            disk=(exactly(made.size) if made else self._packed(languages)) + about(PLANNED * planned),
            memory=about(BASE) + self.collect().rows * (INVENTORY + PER_LANGUAGE * languages),
            seconds=about(PLAN) * (rows + exactly(planned)),
        )

    @cached_property
    def _sizes(self) -> list[Size]:
        return [size_of_source(*source) for source in check_sources(self.whole.collect.sources)]

    @property
    def _text(self) -> Amount:
        """Return the bytes that are collected."""
        rows = zip(check_sources(self.whole.collect.sources), self._sizes, self._languages, strict=True)
        return total(
            size.pairs * size.text * about(languages if kind.gives == PARALLEL else 1)
            for (kind, _), size, languages in rows
        )

    @property
    def _versions(self) -> Amount:
        if self.made.versions is not None:
            return exactly(self.made.versions)
        both = zip(self._sizes, self._languages, strict=True)
        return total(size.pairs * about(languages) for size, languages in both)

    def _packed(self, languages: int) -> Amount:
        """Estimate the file of the texts in some of the languages."""
        share = about(PACKED * languages / len(self.whole.project.languages))
        both = zip(self._sizes, self._languages, strict=True)
        return share * total(size.pairs * size.text * about(every) for size, every in both)

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
