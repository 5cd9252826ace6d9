"""Write a model's ranking as a run file in TREC's format, while it is scored."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.evaluation.ranking import neutral_order
from hbir.evaluation.top import top_columns


@dataclass(frozen=True)
class RunWriter:
    """Write the best passages of every query among all languages, as `trec_run.read_run` reads them."""

    stream: TextIO
    tag: str
    """The last column."""
    top_k: int = 1000
    """Passages of a query."""

    def through(self, task: RetrievalTask, score_chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Write what passes by.

        Args:
            task: the benchmark.
            score_chunks: (chunk, n_passages) float32 scores, together one row per query in the task's order.

        Yields:
            The same scores.

        Raises:
            DataError: when an id holds white space, which would end its column.
        """
        for name in (*task.query_ids, *task.passage_ids):
            if len(name.split()) != 1:
                raise _no_column(task, name)
        order, first = neutral_order(task.passage_ids), 0
        with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
            for chunk in score_chunks:
                yield chunk  # whoever scores it refuses what is no number
                for row, best in enumerate(top_columns(chunk, order, workers, self.top_k)):
                    names = [task.passage_ids[index] for index in best]
                    self._write(task.query_ids[first + row], names, chunk[row, best])
                first += len(chunk)

    def _write(self, query: str, passages: list[str], scores: np.ndarray) -> None:
        """Write the scores with the nine digits that tell any two float32 apart."""
        self.stream.writelines(
            f"{query} Q0 {passage} {rank} {score:.9g} {self.tag}\n"
            for rank, (passage, score) in enumerate(zip(passages, scores.tolist(), strict=True), start=1)
        )


@contextmanager
def run_writer(path: Path | None, model: str) -> Iterator[RunWriter | None]:
    """Write a run file that appears when it is complete.

    Args:
        path: the file; None for none.
        model: whose ranking it is, for its last column.

    Yields:
        What writes it, or None.
    """
    if path is None:
        yield None
        return
    with atomic_file(path) as file, file.open("w", encoding="utf-8", newline="\n") as stream:
        yield RunWriter(stream, "-".join(model.split()))


def without_scores(name: str) -> DataError:
    """Build the error for a benchmark of which nobody has the scores of all passages.

    Args:
        name: the benchmark.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(
        where=f"a run file of benchmark {name}",
        expected="a benchmark whose passages are held",
        found="one whose corpus is streamed, or that the package mteb scores",
        hint="Leave out `--save-run`, or raise `exact_limit` with `--option`.",
    )


def _no_column(task: RetrievalTask, name: str) -> DataError:
    return DataError(
        where=f"a run file of benchmark {task.name}",
        expected="ids without white space",
        found=repr(name),
        hint="Leave out `--save-run`, or change the ids in the benchmark's files.",
    )
