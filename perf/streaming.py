"""Search a corpus that is too large to hold: time and largest memory, first embedded, then from the disk."""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from hbir.benchmarks.streamed import Passage, StreamedTask
from hbir.benchmarks.task import MONOLINGUAL, RetrievalTask
from hbir.retrieval.streamed import Cache, search_streamed

QUERIES = 100
CHUNK = 16384


class Numbers:
    """Stream passages that are nothing but a number."""

    def __init__(self, passages: int) -> None:
        self.passages = passages

    def __iter__(self) -> Iterator[Passage]:
        """Count."""
        return (Passage(str(number), str(number)) for number in range(self.passages))

    def fingerprint(self) -> str:
        """Return what depends on the count alone."""
        return hashlib.sha256(str(self.passages).encode()).hexdigest()


def task(passages: int) -> StreamedTask:
    """Make a task in which every query has one relevant passage.

    Args:
        passages: the size of the corpus.

    Returns:
        100 queries in one language.
    """
    relevant = np.linspace(0, passages - 1, QUERIES, dtype=np.int64).tolist()
    judged = RetrievalTask(
        name="synthetic",
        version="1",
        query_ids=[f"sw:q{i}" for i in range(QUERIES)],
        queries=["?"] * QUERIES,
        query_langs=["sw"] * QUERIES,
        passage_ids=[f"sw:{number}" for number in relevant],
        passages=[""] * QUERIES,
        passage_langs=["sw"] * QUERIES,
        relevant=np.repeat(np.arange(QUERIES), 2).reshape(-1, 2),
        settings=(MONOLINGUAL,),
    )
    return StreamedTask(judged=judged, corpora={"sw": Numbers(passages)})


def run(passages: int, dimension: int, folder: Path) -> None:
    """Search once and print time and memory.

    Args:
        passages: the size of the corpus.
        dimension: numbers per embedding.
        folder: where the embeddings are kept.
    """
    rng = np.random.default_rng(1)

    def embed(texts: list[str]) -> np.ndarray:
        return rng.standard_normal((len(texts), dimension), dtype=np.float32)

    start = time.perf_counter()
    queries = np.random.default_rng(2).standard_normal((QUERIES, dimension), dtype=np.float32)
    search_streamed(task(passages), queries, embed, Cache(folder, "random"), CHUNK)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"{time.perf_counter() - start:.1f} s, largest memory {peak:.0f} MB")


@click.command()
@click.option("--passages", default=2_000_000, show_default=True)
@click.option("--dimension", default=256, show_default=True)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keeps the embeddings; a temporary one if none."
)
@click.option("--once", is_flag=True, help="Run in this process alone.")
def main(passages: int, dimension: int, folder: Path | None, once: bool) -> None:
    """Search in one fresh process that embeds, then in one that reads what was kept."""
    if once and folder:
        run(passages, dimension, folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        options = [
            "--once",
            f"--passages={passages}",
            f"--dimension={dimension}",
            f"--folder={folder or temporary}",
        ]
        for what in ("embedding and searching", "searching what was kept"):
            click.echo(f"{what}: ", nl=False)
            subprocess.run([sys.executable, "-m", "benchmarks.streaming", *options], check=True)


if __name__ == "__main__":
    main()
