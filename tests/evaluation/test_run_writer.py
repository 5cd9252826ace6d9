"""A ranking that is written as a run file is read with the same scores."""

import io
from pathlib import Path

import numpy as np
import pytest

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.run_writer import RunWriter, run_writer
from hbir.evaluation.trec_run import score_run
from tests.evaluation.test_trec_run import mine


def some_scores(task: RetrievalTask, decimals: int) -> list[np.ndarray]:
    """Make scores in three chunks; few decimals make ties."""
    rng = np.random.default_rng(decimals)
    scores = rng.random((len(task.queries), len(task.passages))).round(decimals).astype(np.float32)
    return np.array_split(scores, 3)


@pytest.mark.parametrize("decimals", [1, 9])
def test_a_whole_ranking_has_the_same_scores_when_it_is_read(tmp_path: Path, decimals: int):
    entry = mine(tmp_path)
    (task,) = load(entry, None)
    assert isinstance(task, RetrievalTask)
    chunks = some_scores(task, decimals)
    with run_writer(tmp_path / "run.txt", "my model") as writer:
        assert writer is not None
        passed = list(writer.through(task, iter(chunks)))
    assert all(np.array_equal(one, other) for one, other in zip(passed, chunks, strict=True))
    assert score_run(entry, None, tmp_path / "run.txt") == evaluate(task, chunks)
    lines = [line.split() for line in (tmp_path / "run.txt").read_text().splitlines()]
    assert [int(line[3]) for line in lines] == [*range(1, 21)] * 20
    assert {line[5] for line in lines} == {"my-model"}


def test_a_cut_ranking_is_the_beginning_of_the_whole(tmp_path: Path):
    (task,) = load(mine(tmp_path), None)
    assert isinstance(task, RetrievalTask)
    whole, cut = io.StringIO(), io.StringIO()
    for stream, top_k in ((whole, 20), (cut, 3)):
        list(RunWriter(stream, "t", top_k).through(task, some_scores(task, 1)))
    wanted = [line for line in whole.getvalue().splitlines() if int(line.split()[3]) <= 3]
    assert cut.getvalue().splitlines() == wanted
    assert len(wanted) == 3 * 20


def test_nothing_is_written_where_scoring_fails(tmp_path: Path):
    with pytest.raises(RuntimeError, match="out of memory"), run_writer(tmp_path / "run.txt", "m"):
        raise RuntimeError("out of memory")
    assert list(tmp_path.iterdir()) == []
    with run_writer(None, "m") as writer:
        assert writer is None


def test_scores_that_are_no_numbers_are_refused_as_without_a_run(tmp_path: Path):
    (task,) = load(mine(tmp_path), None)
    assert isinstance(task, RetrievalTask)
    chunks = some_scores(task, 9)
    chunks[1][0, 3] = np.nan
    with pytest.raises(DataError, match="NaN"), run_writer(tmp_path / "run.txt", "m") as writer:
        assert writer is not None
        evaluate(task, writer.through(task, chunks))
    assert not (tmp_path / "run.txt").exists()


def test_ids_with_white_space_are_refused(tmp_path: Path):
    entry = mine(tmp_path)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        path = tmp_path / name
        path.write_text(path.read_text().replace("de0", "de 0"))
    (task,) = load(entry, None)
    assert isinstance(task, RetrievalTask)
    with pytest.raises(DataError, match="expected ids without white space, found 'de:de 0'"):
        list(RunWriter(io.StringIO(), "t").through(task, some_scores(task, 1)))
