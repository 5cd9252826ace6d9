"""Time the evaluation of all settings at XQuAD-R's size against the bare matrix product, side by side."""

import resource
import time
from collections.abc import Callable
from statistics import median

import click
import numpy as np

from hbir.benchmarks.lareqa import XQUAD_CANDIDATES
from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.ranking import similarity_chunks

QUESTIONS = 1190
CHUNK = 1024


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
    )


def seconds(work: Callable[[], object]) -> float:
    """Time one call.

    Args:
        work: what to call.

    Returns:
        Seconds.
    """
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@click.command()
@click.option("--repeats", default=7, show_default=True)
@click.argument("dimensions", nargs=-1, type=int)
def main(repeats: int, dimensions: tuple[int, ...]) -> None:
    """Print medians and their ratio for each of DIMENSIONS (128, 256, 384, 768)."""
    benchmark = task()
    rng = np.random.default_rng(2)
    for dimension in dimensions or (128, 256, 384, 768):
        sides = len(benchmark.queries), len(benchmark.passages)
        queries, passages = (rng.standard_normal((n, dimension), dtype=np.float32) for n in sides)

        def product(queries: np.ndarray = queries, passages: np.ndarray = passages) -> None:
            for _ in similarity_chunks(queries, passages, CHUNK):
                pass

        def whole(queries: np.ndarray = queries, passages: np.ndarray = passages) -> None:
            evaluate(benchmark, similarity_chunks(queries, passages, CHUNK))

        times = [(seconds(product), seconds(whole)) for _ in range(repeats)]
        bare, full = (median(column) for column in zip(*times, strict=True))
        click.echo(f"{dimension}: product {bare:.2f} s, all settings {full:.2f} s, ratio {full / bare:.2f}")
    click.echo(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
