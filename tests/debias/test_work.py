"""What a stopped run did is used by the same run alone, and an output that is there is not touched."""

from pathlib import Path

import pytest

from hbir.core.errors import DataError, ParamsError
from hbir.debias.work import check_out, working
from tests.debias.conftest import options


def leave(folder: Path, text: str = "done", model: str = "m", **changes: object) -> bool:
    """Work and be stopped, and tell whether an earlier run's file was there."""
    file = folder / "texts.jsonl"
    file.write_text(text)
    with pytest.raises(KeyboardInterrupt):
        with working(options(out=folder / "out", **changes), [file], model) as work:
            found = work.corpus.exists()
            work.corpus.touch()
            raise KeyboardInterrupt
    return found


def test_the_same_command_goes_on_and_any_other_begins_anew(tmp_path: Path):
    assert not leave(tmp_path)
    assert leave(tmp_path)
    assert not leave(tmp_path, text="other texts")
    assert not leave(tmp_path, text="other texts", seed=2)
    assert leave(tmp_path, text="other texts", seed=2, force=True, minutes=3, steps=7)
    assert not leave(tmp_path, text="other texts", seed=2, model="another")


def test_a_run_that_is_done_leaves_nothing(tmp_path: Path):
    with working(options(out=tmp_path / "out"), [], "m") as work:
        work.corpus.touch()
    assert list(tmp_path.iterdir()) == []


def test_a_second_process_is_told_so(tmp_path: Path):
    chosen = options(out=tmp_path / "out")
    with working(chosen, [], "m"), pytest.raises(DataError, match="expected one process at a time"):
        with working(chosen, [], "m"):
            pass


def test_an_output_that_is_there_wants_force(tmp_path: Path):
    with pytest.raises(
        ParamsError, match="expected a folder that is not there yet, found one that is.*--force"
    ):
        check_out(options(out=tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ParamsError, match="found a file"):
        check_out(options(out=tmp_path / "file"))
    check_out(options(out=tmp_path, force=True))
    check_out(options(out=tmp_path / "new"))
