"""Scores of another machine: within the tolerances, outside of them, or missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hbir.core.errors import DataError
from hbir.reporting.git import git
from tests.verify.builder import make_results
from verify import __main__ as command
from verify.saved import look, save
from verify.scores import compare_scores


def files(**values: Any) -> dict[str, str]:
    return {"xx.json": json.dumps(values)}


@pytest.mark.parametrize(
    ("here", "there", "within"),
    [
        ({"map": 0.30}, {"map": 0.319}, True),
        ({"map": 0.30}, {"map": 0.321}, False),
        ({"rank_distance": 600.0}, {"rank_distance": 660.0}, True),
        ({"rank_distance": 600.0}, {"rank_distance": 670.0}, False),
        ({"map": 0.3}, {}, False),
        ({}, {"map": 0.3}, False),
        ({"map": float("nan")}, {"map": 0.3}, False),
        ({"map": float("nan")}, {"map": float("nan")}, False),
        ({"map": 1.0}, {"map": 0}, False),
    ],
)
def test_tolerances(here: dict[str, float], there: dict[str, float], within: bool):
    [score] = compare_scores(files(cldr=here), files(cldr=there))
    assert score.is_within == within


@pytest.mark.parametrize("text", ["{", '{"map": "high"}', '{"map": true}', "[1]"])
def test_what_are_no_metrics_is_an_error(text: str):
    with pytest.raises(DataError, match="xx.json: expected metrics"):
        compare_scores({"xx.json": text}, files(map=0.3))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.main, list(arguments), catch_exceptions=False)
    return result.exit_code, result.output


def test_the_scores_of_two_folders(tmp_path: Path):
    one, other = (make_results(tmp_path / name) / "metrics" for name in "ab")
    assert run("scores", "--of", str(one), "--against", str(other))[0] == 0
    (one / "xx.json").write_text(json.dumps({"cldr": {"map": {"multilingual": 0.5}, "rank_distance": 600.0}}))
    code, said = run("scores", "--of", str(one), "--against", str(other))
    assert code == 1
    assert said.endswith("Different: xx.json: cldr.map.multilingual is outside of its tolerance.\n")
    code, said = run("scores", "--of", str(tmp_path), "--against", str(other))
    assert code == 1
    assert "expected a folder with files of metrics, found none" in said


def test_the_other_scores_are_those_that_are_committed(tmp_path: Path):
    [name, *_] = sorted(path.name for path in (command.ROOT / "metrics").glob("*.json"))
    (tmp_path / name).write_text('{"cldr": {"map": {"multilingual": 7}}}')
    code, said = run("scores", "--of", str(tmp_path))
    assert code == 1
    assert f"{name}: cldr.map.multilingual" in said


@pytest.mark.parametrize(
    ("cpu", "weights", "multilingual", "code", "end"),
    [
        ("a CPU", "weights", 0.3, 0, "Both clones have the same bytes."),
        ("a CPU", "other", 0.3, 1, "Different: train_xx: models/xx/model.safetensors has other bytes."),
        ("another CPU", "other", 0.31, 0, "Both clones have the same bytes."),
        (
            "another CPU",
            "weights",
            0.4,
            1,
            "Different: xx.json: cldr.map.multilingual is outside of its tolerance.",
        ),
    ],
)
def test_another_machine_by_bytes_or_by_scores(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cpu: str,
    weights: str,
    multilingual: float,
    code: int,
    end: str,
):
    there = make_results(tmp_path / "there")
    (there / "models/xx/model.safetensors").write_text(weights)
    scores = {"cldr": {"map": {"multilingual": multilingual}, "rank_distance": 600.0}}
    (there / "metrics/xx.json").write_text(json.dumps(scores))
    record = next((there / ".hbir/records").glob("*.json"))
    record.write_text(record.read_text().replace("a CPU", cpu))
    commit = git(command.ROOT, "rev-parse", "HEAD").strip()
    save(tmp_path / "saved", look(there, commit))
    here = make_results(tmp_path / "here")
    if multilingual == 0.3:
        (there / "metrics/xx.json").write_bytes((here / "metrics/xx.json").read_bytes())
        save(tmp_path / "saved", look(there, commit))
    monkeypatch.setattr(command, "reproduce_all", lambda *given: [here, here])
    monkeypatch.setattr(command, "two", lambda locales: ("here", "there"))
    got, said = run("clones", "--against", str(tmp_path / "saved"))
    assert said.endswith(f"{end}\n")
    assert got == code
    told = "Not the same bytes are expected, but scores within tolerances: cpu a CPU and another CPU."
    assert (told in said) == (cpu != "a CPU")


def test_a_folder_that_nobody_saved_is_an_error(tmp_path: Path):
    code, said = run("clones", "--against", str(tmp_path))
    assert code == 1
    assert "verified.json" in said
