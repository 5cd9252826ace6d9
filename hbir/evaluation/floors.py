"""Score what every model should beat: BM25, and random vectors."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hbir.benchmarks.task import MULTILINGUAL, RetrievalTask
from hbir.core.seeds import generator
from hbir.evaluation.evaluate import Evaluation, evaluate, evaluate_ranks
from hbir.evaluation.ranking import PositiveRanks, rank_chunks, similarity_chunks
from hbir.retrieval.bm25 import Bm25
from hbir.retrieval.words import words

SIDES = ("query", "document")


def score_random(task: RetrievalTask, seed: int, dimension: int, chunk: int, bias: bool) -> Evaluation:
    """Score random vectors: every query ranks all passages by chance.

    Args:
        task: the benchmark.
        seed: the base seed.
        dimension: of the vectors, that of the models beside them.
        chunk: most queries scored at once.
        bias: whether to measure language bias further than by rank distance.

    Returns:
        The evaluation.
    """
    queries, passages = (
        generator(seed, "random", task.name, side).standard_normal((count, dimension), dtype=np.float32)
        for side, count in zip(SIDES, (len(task.queries), len(task.passages)), strict=True)
    )
    for vectors in (queries, passages):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return evaluate(task, similarity_chunks(queries, passages, chunk), language_bias=bias)


def score_bm25(task: RetrievalTask, chunk: int, bias: bool) -> Evaluation:
    """Score BM25: an index per language, and for the pool of all languages one index over all passages.

    Args:
        task: the benchmark.
        chunk: most queries scored at once.
        bias: whether to measure language bias further than by rank distance.

    Returns:
        The evaluation, with the same pools, ties and settings as that of a model.
    """
    queries, passages = ([words(text) for text in texts] for texts in (task.queries, task.passages))
    pooled = MULTILINGUAL in task.settings
    parts = rank_chunks(task, _by_language(task, queries, passages, chunk))
    if pooled:
        together = rank_chunks(task, _chunks(Bm25(passages), queries, chunk), top=bias)
        parts = map(_joined, parts, together)
    return evaluate_ranks(task, parts, language_bias=bias)


def _joined(in_language: PositiveRanks, together: PositiveRanks) -> PositiveRanks:
    """Take the ranks in a language from the one, and those among all languages from the other."""
    return replace(
        together,
        rank_in_language=in_language.rank_in_language,
        tied_in_language=in_language.tied_in_language,
    )


def _by_language(
    task: RetrievalTask, queries: list[list[str]], passages: list[list[str]], chunk: int
) -> Iterator[np.ndarray]:
    """Score by an index per language; scores of different languages do not compare: (chunk, n_passages)."""
    columns = [np.flatnonzero(task.passage_codes == code) for code in np.unique(task.passage_codes)]
    indices = [Bm25([passages[column] for column in part]) for part in columns]
    for rows in _spans(len(queries), chunk):
        scores = np.empty((len(rows), len(passages)), np.float32)
        for part, index in zip(columns, indices, strict=True):
            scores[:, part] = index.scores([queries[row] for row in rows])
        yield scores


def _chunks(index: Bm25, queries: list[list[str]], chunk: int) -> Iterator[np.ndarray]:
    for rows in _spans(len(queries), chunk):
        yield index.scores([queries[row] for row in rows])


def _spans(count: int, chunk: int) -> list[range]:
    return [range(first, min(first + chunk, count)) for first in range(0, count, chunk)]
