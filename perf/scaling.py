"""Measure how time and memory grow over a hundredfold range of size, up to an estimate of the paper's."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from hbir.encoding.shapes import Shape
from perf import paper_scale, workload
from perf.growth import Axis, Grown, grow, table
from perf.machine import ROOT, Origin, origin
from perf.page import put_between
from perf.workload import Workload

RESULTS, PAGE = ROOT / "perf" / "scaling.json", ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- scaling -->", "<!-- /scaling -->"
SHAPE = Shape(layers=2, width=128, heads=4, feed_forward=256, vocabulary=16_000)
"""That of the encoder `tiny`."""
STEPS = 8
Entry = dict[str, Any]
"""One axis in `perf/scaling.json`."""


def training_step(batch: int, tokens: int, pairs: int) -> float:
    """Train a few steps of the tiny encoder's shape.

    Args:
        batch: pairs per step.
        tokens: of a query, and of the longest passage.
        pairs: in `pairs.parquet`.

    Returns:
        Seconds per step, the median of windows.
    """
    load = Workload(
        shape=SHAPE,
        batch=batch,
        steps=STEPS,
        query_tokens=tokens,
        passage_tokens=tokens,
        pairs=max(pairs, 4 * batch + 20),
    )
    with tempfile.TemporaryDirectory() as folder:
        return batch / workload.run(workload.prepare(load, Path(folder)))


def by_batch(batch: int) -> float:
    """Train with batches of a size, 32 tokens per text; return seconds per step."""
    return training_step(batch, 32, 0)


def by_tokens(tokens: int) -> float:
    """Train with texts of a length, 16 pairs per step; return seconds per step."""
    return training_step(16, tokens, 0)


def by_pairs(pairs: int) -> float:
    """Train with so many pairs to draw from, 16 per step, 32 tokens per text; return seconds per step."""
    return training_step(16, 32, pairs)


def evaluation(size: int) -> float:
    """Rank so many queries against as many passages in two languages; return seconds."""
    from hbir.benchmarks.task import RetrievalTask
    from hbir.evaluation.evaluate import evaluate
    from hbir.evaluation.ranking import similarity_chunks

    rng = np.random.default_rng(1)
    queries, passages = (rng.standard_normal((size, 128), dtype=np.float32) for _ in range(2))
    langs = [("aa", "bb")[number % 2] for number in range(size)]
    numbers = np.arange(size)
    after = (numbers + 1) % size  # in the other language
    task = RetrievalTask(
        name="made up",
        version="1",
        query_ids=[f"q{number}" for number in range(size)],
        queries=["?"] * size,
        query_langs=langs,
        passage_ids=[f"p{number}" for number in range(size)],
        passages=["."] * size,
        passage_langs=langs,
        relevant=np.unique(np.stack([np.repeat(numbers, 2), np.stack([numbers, after], 1).ravel()], 1), axis=0),
    )
    return _seconds(lambda: evaluate(task, similarity_chunks(queries, passages, 1024)))


def search(passages: int) -> float:
    """Search a streamed corpus of so many random embeddings for 1,000 queries; return seconds."""
    from perf import bench_search

    with tempfile.TemporaryDirectory() as folder:
        return _seconds(lambda: bench_search.search(passages, Path(folder)))


def plans(steps: int) -> float:
    """Plan so many steps of 100 pairs from 2.2 million, which are made before; return seconds."""
    from perf.bench_plans import corpus, plan_run

    corpus()
    return _seconds(lambda: plan_run(steps))


AXES = (
    Axis(name="plans, by steps of 100 pairs", sizes=(500, 1_600, 5_000, 16_000, 50_000), run=plans),
    Axis(name="training step, by pairs per batch", sizes=(8, 25, 80, 250, 800), run=by_batch),
    Axis(name="training step, by tokens per text", sizes=(5, 16, 50, 160, 500), run=by_tokens),
    Axis(name="training step, by pairs to draw from", sizes=(500, 1_600, 5_000, 16_000, 50_000), run=by_pairs),
    Axis(name="evaluation, by queries and by passages", sizes=(200, 632, 2_000, 6_320, 20_000), run=evaluation),
    Axis(name="search, by passages", sizes=(20_000, 63_200, 200_000, 632_000, 2_000_000), run=search),
)


def put(page: str, content: str) -> str:
    """Put the table and the estimate between the marks of a page.

    Args:
        page: its text.
        content: what goes between.

    Returns:
        The page.
    """
    return put_between(page, (BEGIN, END), content, str(PAGE))


def merged(entries: Sequence[Entry], grown: Grown, here: Origin) -> list[Entry]:
    """Put an axis among those that were measured before.

    Args:
        entries: what `perf/scaling.json` holds.
        grown: the axis.
        here: where it was measured.

    Returns:
        The entries of the axes that there are, in their order.
    """
    exponents = {"time_exponent": grown.time_exponent, "memory_exponent": grown.memory_exponent}
    known = {entry["name"]: entry for entry in entries}
    known[grown.name] = here.as_dict() | asdict(grown) | exponents
    return [known[axis.name] for axis in AXES if axis.name in known]


def described(entries: Sequence[Entry]) -> str:
    """Write what goes into the page.

    Args:
        entries: of the axes, at least one.

    Returns:
        Markdown: where they were measured, the table, and the estimate of the paper's size.
    """
    places = dict.fromkeys(f"on {e['date']} at commit {e['commit']}: {e['machine']}" for e in entries)
    fields = ("name", "sizes", "seconds", "memory")
    grown = [Grown(**{name: entry[name] for name in fields}) for entry in entries]
    return "\n\n".join([f"Measured {'; '.join(places)}.", table(grown), paper_scale.text(grown)])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@click.command()
@click.option("--only", default="", help="Measure the axes with this in their name; the others stay.")
def main(only: str) -> None:
    """Measure every axis, or some; each is written to perf/scaling.json and docs/performance.md at once."""
    chosen = [axis for axis in AXES if only in axis.name]
    if not chosen:
        raise click.UsageError(f"No axis has {only!r} in its name: {', '.join(axis.name for axis in AXES)}.")
    for axis in chosen:
        grown = grow(axis, click.echo)
        entries = merged(json.loads(RESULTS.read_text()) if RESULTS.is_file() else [], grown, origin())
        RESULTS.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), described(entries)), encoding="utf-8")
    click.echo(f"Wrote {RESULTS} and the table of {PAGE}")


if __name__ == "__main__":
    main()
