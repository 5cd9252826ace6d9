"""Estimate the stages that make, train and score encoders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hbir.benchmarks.miracl import NAME as MIRACL
from hbir.benchmarks.params import LargeParams
from hbir.benchmarks.registry import parse_entry
from hbir.core.objects.urls import is_url
from hbir.core.project import training_languages
from hbir.core.rows import compared_rows, find_row
from hbir.core.speed import Speed
from hbir.encoding.presets import PRESETS, SCRATCH
from hbir.encoding.shapes import shape_of
from hbir.inputs.check import Params
from hbir.retrieval.index import bytes_of
from hbir.studies import cost, rates
from hbir.studies.amounts import UNKNOWN, Amount, Stage, about, exactly, total
from hbir.studies.estimate_data import DataStages, samplers

WEIGHT, MODELS = 4, 2
"""Bytes of a weight or score, and models that a training leaves: the best, and the last if it is another."""


@dataclass(frozen=True)
class ModelStages:
    """Estimate them from the params, the texts and what is known of the encoder."""

    whole: Params
    params: Mapping[str, Any]
    data: DataStages
    gpu: str | None
    """A name in PEAKS, of the card that trains and scores; None for what was measured."""
    speed: Speed | None
    """Measured on this machine; None where the encoder is not at hand."""

    def encoder(self) -> Stage:
        """Estimate `encoder`: a tokenizer is trained on all texts, or an encoder is loaded."""
        if self.whole.encoder.name in SCRATCH:
            languages = self._languages_of_tokenizer
            rows = self.data.rows(languages)
            memory = rows * about(rates.VOCABULARY)
            seconds = rates.TOKENIZER.seconds(rows, self.data.text(languages))
        else:
            memory = self._weights * about(WEIGHT)
            seconds = rates.LOADED.seconds(self._weights, exactly(0))
        disk = self._weights * WEIGHT
        memory = about(rates.LIBRARIES) + memory
        return Stage(name="encoder", rows=exactly(1), disk=disk, memory=memory, seconds=seconds)

    def train(self) -> Stage:
        """Estimate `train`: rows are pairs of the batches; the first training tokenises all texts."""
        whole, trainings = self.whole, len(samplers(self.whole))
        pairs = exactly(trainings * whole.batches.size * whole.batches.steps)
        text = self.data.text(self._trained_languages)
        query, passage = self._lengths
        return Stage(
            name="train",
            rows=pairs,
            steps=exactly(trainings * whole.batches.steps),
            tokens=pairs * (query + passage),
            disk=self._weights * about(WEIGHT * MODELS * trainings) + text * about(rates.LOOKED_UP),
            memory=self._memory_of_training,
            seconds=self._steps(pairs, trainings) + text * about(rates.TOKENISED),
        )

    def score(self) -> Stage:
        """Estimate `score`: rows are texts that are embedded."""
        models = len(compared_rows(self.params))
        texts = self._texts * models
        shape, seconds = shape_of(self.whole.encoder), UNKNOWN
        if self.gpu and shape:
            seconds = texts * about(cost.gpu_seconds(cost.text_operations(shape, self.whole), self.gpu))
        elif self.speed:
            seconds = texts * about(1 / self.speed.passages) + about(cost.CPU_SCORING * models)
        return Stage(
            name="score",
            rows=texts,
            tokens=texts * self._lengths[1],
            disk=total(map(self._scored, self.whole.evaluate.benchmarks)),
            memory=self._memory_of_scoring,
            seconds=seconds,
        )

    def _steps(self, pairs: Amount, trainings: int) -> Amount:
        shape = shape_of(self.whole.encoder)
        if self.gpu and shape:
            return pairs * about(cost.gpu_seconds(cost.pair_operations(shape, self.whole), self.gpu))
        if self.speed:
            return pairs * about(1 / self.speed.pairs) + about(cost.CPU_TRAINING * trainings)
        return UNKNOWN

    def _scored(self, entry: Any) -> Amount:
        """Estimate what stays: scores; of a streamed corpus embeddings, beside which its scores are little."""
        count = cost.texts_of(entry, self.whole)
        if _is_streamed(entry, count):
            return self._kept(UNKNOWN if count is None else about(count))
        models = len(compared_rows(self.params))
        return UNKNOWN if count is None else about(rates.SCORED * models * count)

    def _kept(self, passages: Amount) -> Amount:
        folder, shape = self.whole.evaluate.embeddings, shape_of(self.whole.encoder)
        if folder is None or is_url(folder):
            return passages * about(0)
        rows = [find_row(name) for name in compared_rows(self.params)]
        models = sum(row is not None and row.model is not None and not row.adjustment for row in rows)
        return passages * about(models * bytes_of(1, shape.width)) if shape else UNKNOWN

    @property
    def _texts(self) -> Amount:
        """Count what a model embeds."""
        counts = [cost.texts_of(entry, self.whole) for entry in self.whole.evaluate.benchmarks]
        return total(UNKNOWN if count is None else about(count) for count in counts)

    @property
    def _memory_of_training(self) -> Amount:
        if not self.speed or not self.speed.memory:
            return UNKNOWN
        return about(self.speed.memory) + self.data.rows(self._trained_languages) * about(rates.TRAINED)

    @property
    def _memory_of_scoring(self) -> Amount:
        """Add up weights, a forward pass and a block of scores; of a card or a streamed corpus nobody knows."""
        entries, shape = self.whole.evaluate.benchmarks, shape_of(self.whole.encoder)
        counts = [cost.texts_of(entry, self.whole) for entry in entries]
        if self.gpu or shape is None or None in counts or any(map(_is_streamed, entries, counts)):
            return UNKNOWN
        evaluate = self.whole.evaluate
        tokens = evaluate.batch_size * self.whole.encoder.max_passage_tokens
        forward = tokens * (2 * shape.width + shape.feed_forward)
        scores = evaluate.query_chunk * max((count or 0 for count in counts), default=0)
        return about(rates.LIBRARIES) + (self._weights + about(forward + scores)) * WEIGHT

    @property
    def _trained_languages(self) -> int:
        return len(training_languages(dict(self.params)))

    @property
    def _languages_of_tokenizer(self) -> int:
        chosen = self.whole.encoder.languages
        if isinstance(chosen, str):
            return len(self.whole.project.languages) if chosen == "all" else self._trained_languages
        return len(chosen)

    @property
    def _weights(self) -> Amount:
        name, shape = self.whole.encoder.name, shape_of(self.whole.encoder)
        if name in SCRATCH and shape:  # the texts may give a smaller vocabulary
            return about(shape.layer_weights + shape.vocabulary * shape.width)
        if name in PRESETS:
            return exactly(PRESETS[name].parameters)
        return exactly(self.speed.parameters) if self.speed else UNKNOWN

    @property
    def _lengths(self) -> tuple[Amount, Amount]:
        """Return tokens of a query and of a passage, in the mean."""
        if self.speed:
            return about(self.speed.query_tokens), about(self.speed.passage_tokens)
        query, passage = cost.lengths(self.whole)
        return about(query), about(passage)


def _is_streamed(entry: Any, count: int | None) -> bool:
    """Tell whether a corpus may be streamed: MIRACL's is, and one of BEIR whose size nobody knows may be."""
    benchmark = parse_entry(entry)[1]
    return isinstance(benchmark, LargeParams) and (benchmark.name == MIRACL or count is None)
