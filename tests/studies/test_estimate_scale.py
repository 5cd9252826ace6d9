"""What `hbir estimate` says of a large corpus is within a factor of what perf/scale.json measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from hbir.core.params import read_params
from hbir.core.speed import Speed
from hbir.inputs.check import check
from hbir.studies import estimate_data, rates
from hbir.studies.amounts import Stage, about
from hbir.studies.estimate import estimate
from hbir.studies.made import Made
from hbir.studies.source_size import Size, size_of_source
from perf.scale_corpus import parts, write_sources
from perf.scale_project import SOURCES, write_project

FACTOR = 2
SMALL = 20_000
"""Pairs of the corpus that is looked at; a larger one has texts of the same lengths."""
MEASURED = {
    entry["pairs"]: entry["stages"]
    for entry in json.loads((Path(__file__).parents[2] / "perf" / "scale.json").read_text())
}
SIZES = [400_000, 1_000_000, 4_000_000]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    write_project(folder, SMALL)
    write_sources(folder / SOURCES, SMALL)
    return folder


def estimated(pairs: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Stage]:
    """Estimate the same sources with more pairs; training and scoring themselves take no time here."""
    monkeypatch.chdir(project)
    counts = {part.source.name: part.pairs for part in parts(pairs)}

    def size(kind: Any, source: Any) -> Size:
        return size_of_source(kind, source)._replace(pairs=about(counts[source.name]))

    monkeypatch.setattr(estimate_data, "size_of_source", size)
    params = read_params()
    speed = Speed(
        pairs=1e9,
        passages=1e9,
        query_tokens=6,
        passage_tokens=10,
        parameters=0,
        memory=1e6 * MEASURED[SMALL]["train"]["memory"],
    )
    return {stage.name: stage for stage in estimate(check(dict(params)), params, Made(), None, speed)}


def within(value: float | None, measured: float) -> bool:
    return value is not None and measured / FACTOR < value < measured * FACTOR


@pytest.mark.parametrize("pairs", SIZES)
@pytest.mark.parametrize("stage", ["collect", "translate", "build-batches", "encoder", "train"])
def test_seconds_and_memory_are_those_that_were_measured(
    pairs: int, stage: str, project: Path, monkeypatch: pytest.MonkeyPatch
):
    found, measured = estimated(pairs, project, monkeypatch)[stage], MEASURED[pairs][stage]
    assert within(found.seconds.value, measured["cpu"])
    assert within(found.memory.value, 1e6 * measured["memory"])


@pytest.mark.parametrize("pairs", SIZES)
def test_what_training_keeps_is_what_the_folder_grew_by(
    pairs: int, project: Path, monkeypatch: pytest.MonkeyPatch
):
    grown = MEASURED[pairs]["train"]["folder"] - MEASURED[pairs]["encoder"]["folder"]
    assert within(estimated(pairs, project, monkeypatch)["train"].disk.value, 1e6 * grown)


@pytest.mark.parametrize("pairs", MEASURED)
def test_scoring_holds_as_much_as_was_measured(pairs: int, project: Path, monkeypatch: pytest.MonkeyPatch):
    found, measured = estimated(pairs, project, monkeypatch)["score"], MEASURED[pairs]["score"]
    assert found.memory.value == pytest.approx(1e6 * measured["memory"], rel=0.1)


def test_the_memory_that_is_allowed_bounds_what_collect_holds(project: Path, monkeypatch: pytest.MonkeyPatch):
    found = estimated(400_000_000, project, monkeypatch)["collect"].memory.value
    rest = rates.BASE + 400_000_000 * rates.COLLECTED
    assert found == pytest.approx(4e9 + rest)
