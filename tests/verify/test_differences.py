"""Whatever differs between two clones is found, and the first of it is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import DataError
from hbir.core.files import write_json
from hbir.core.machine import record_path
from tests.verify.builder import FINGERPRINT, LOCK, RECORD, make_results
from verify import __main__ as command
from verify.differences import compare, first_fault, table
from verify.outputs import digests, environments, lacking

PLANTED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte of a model": (
        lambda root: (root / "models/xx/model.safetensors").write_text("Weights"),
        "train_xx: models/xx/model.safetensors has other bytes",
    ),
    "a file more": (
        lambda root: (root / "scores/xx/cldr/more.csv").touch(),
        "score@xx: scores/xx/cldr/more.csv is in one of the two alone",
    ),
    "a file less": (
        lambda root: (root / "scores/xx/cldr/cells.csv").unlink(),
        "score@xx: scores/xx/cldr/cells.csv is in one of the two alone",
    ),
    "two files changed places": (
        lambda root: (root / "scores/xx/cldr/cells.csv").rename(root / "scores/xx/cldr/queries.csv"),
        "score@xx: scores/xx/cldr/queries.csv has other bytes",
    ),
    "a score": (
        lambda root: (root / "metrics/xx.json").write_text('{"cldr": {"rank_distance": 600.1}}'),
        "score@xx: metrics/xx.json has other bytes",
    ),
    "what a stage was made from": (
        lambda root: (root / "dvc.lock").write_text(f"{LOCK}    cmd: other\n"),
        "dvc.lock: dvc.lock has other bytes",
    ),
    "a stage": (
        lambda root: (root / "dvc.lock").write_text(LOCK.partition("  train_xx")[0]),
        "train_xx: models/xx/model.safetensors is in one of the two alone",
    ),
    "the first of several": (
        lambda root: [
            (root / name).write_text("other") for name in ("data/english.parquet", "metrics/xx.json")
        ],
        "collect: data/english.parquet has other bytes",
    ),
}


def reproduced(one: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run the command where two clones are made already."""
    monkeypatch.setattr(command, "reproduce_all", lambda *given: [one, other])
    monkeypatch.setattr(command, "two", lambda locales: ("here", "there"))
    result = CliRunner().invoke(command.main, ["clones"], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_same_bytes_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code, said = reproduced(make_results(tmp_path / "a"), make_results(tmp_path / "b"), monkeypatch)
    assert said.endswith("Both clones have the same bytes.\n")
    assert code == 0
    assert [line.split() for line in said.splitlines() if line.startswith("score@xx")] == [
        ["score@xx", "3", "3"]
    ]
    assert "python 3.11.0" in said


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_difference_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str):
    one, other = make_results(tmp_path / "a"), make_results(tmp_path / "b")
    plant, named = PLANTED[planted]
    plant(other)
    code, said = reproduced(one, other, monkeypatch)
    assert code == 1
    assert said.endswith(f"Different: {named}.\n")


def test_a_stage_without_a_file_is_no_success(tmp_path: Path):
    roots = [make_results(tmp_path / name) for name in "ab"]
    for root in roots:
        (root / "data/english.parquet").unlink()
    assert first_fault(compare(*map(digests, roots))) == "collect: no file"


def test_a_model_without_a_record_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one, other = make_results(tmp_path / "a"), make_results(tmp_path / "b")
    known = {name: value for name, value in RECORD.items() if name != "cpu"}
    write_json(record_path(other, FINGERPRINT), known | {"packages": {}})
    assert lacking(environments(one)) == []
    code, said = reproduced(one, other, monkeypatch)
    assert code == 1
    assert said.endswith("Different: models/xx: no record of torch, cpu.\n")


def test_a_clone_where_nothing_ran_is_an_error(tmp_path: Path):
    with pytest.raises(DataError, match="expected what DVC has made"):
        digests(tmp_path)


@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), min_size=1), st.data())
def test_a_fault_is_found_where_there_is_one_and_nowhere_else(files: dict[str, str], data: st.DataObject):
    other = data.draw(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), min_size=1))
    found = compare({"stage": files}, {"stage": other})
    assert bool(first_fault(found)) == (files != other)
    [one] = found
    assert one.same == sum(other.get(name) == digest for name, digest in files.items())
    assert one.files == len(files.keys() | other.keys())
    assert table(found).splitlines()[-1].split() == ["all", str(one.files), str(one.same)]
