"""Make a benchmark of XQuAD-R's size, and embeddings for it."""

from functools import cache

import numpy as np

from hbir.benchmarks.lareqa import XQUAD_CANDIDATES
from hbir.benchmarks.task import RetrievalTask

QUESTIONS = 1190


@cache
def task() -> RetrievalTask:
    """Make a task with XQuAD-R's counts and one relevant candidate per question and language.

    Returns:
        13,090 queries, 13,014 passages, 143,990 positives.
    """
    rng = np.random.default_rng(1)
    langs = list(XQUAD_CANDIDATES)
    start = dict(zip(langs, np.cumsum([0, *XQUAD_CANDIDATES.values()]).tolist(), strict=False))
    answer = {lang: rng.integers(0, size, QUESTIONS) for lang, size in XQUAD_CANDIDATES.items()}
    relevant = [
        (number * QUESTIONS + question, start[lang] + int(answer[lang][question]))
        for number in range(len(langs))
        for question in range(QUESTIONS)
        for lang in langs
    ]
    passage_langs = [lang for lang, size in XQUAD_CANDIDATES.items() for _ in range(size)]
    query_langs = [lang for lang in langs for _ in range(QUESTIONS)]
    return RetrievalTask(
        name="synthetic",
        version="1",
        query_ids=[f"q{i}" for i in range(len(query_langs))],
        queries=["?"] * len(query_langs),
        query_langs=query_langs,
        passage_ids=[f"p{i}" for i in range(len(passage_langs))],
        passages=["."] * len(passage_langs),
        passage_langs=passage_langs,
        relevant=np.array(relevant, dtype=np.int64),
        query_keys=[f"{question}" for _ in langs for question in range(QUESTIONS)],
    )


@cache
def embeddings(dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Make random embeddings of the queries and the passages.

    Args:
        dimension: numbers per embedding.

    Returns:
        (13,090, dimension) and (13,014, dimension) float32.
    """
    rng = np.random.default_rng(2)
    sides = len(task().queries), len(task().passages)
    queries, passages = (rng.standard_normal((n, dimension), dtype=np.float32) for n in sides)
    return queries, passages
