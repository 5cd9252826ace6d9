"""Saving and loading."""

import dataclasses

import numpy as np
import pytest

from hbir.core.errors import DataError
from hbir.core.files import write_json
from hbir.evaluation.measures import NAMES
from hbir.evaluation.report import evaluate
from hbir.evaluation.results import read_results
from hbir.evaluation.save import load, save
from tests.evaluation.conftest import make_task
from tests.reporting.builder import training


@pytest.fixture
def evaluation(bilingual, bilingual_scores):
    task = dataclasses.replace(bilingual, query_groups=["seen", "unseen", "seen"])
    return evaluate(task, [bilingual_scores])


def test_round_trip(evaluation, tmp_path):
    save(evaluation, tmp_path / "cldr")
    loaded = load(tmp_path / "cldr")
    for field in ("task", "settings", "groups", "counts", "queries"):
        assert getattr(loaded, field) == getattr(evaluation, field)
    assert loaded.cells.schema == evaluation.cells.schema
    for one, other in zip(loaded.cells.to_pylist(), evaluation.cells.to_pylist(), strict=True):
        assert one == {k: pytest.approx(v, abs=5e-7) if isinstance(v, float) else v for k, v in other.items()}


def test_an_evaluation_without_scores_survives(tmp_path):
    empty = evaluate(make_task(["de"], ["de"], []), [np.ones((1, 1))])
    save(empty, tmp_path / "empty")
    assert load(tmp_path / "empty").cells.num_rows == 0
    assert load(tmp_path / "empty").settings == {}


def test_same_scores_same_bytes(evaluation, tmp_path):
    for name in ("one", "two"):
        save(evaluation, tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["cells.csv", "queries.parquet", "summary.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_cells_are_plain_for_plots(evaluation, tmp_path):
    save(evaluation, tmp_path)
    header, first, *_, last = (tmp_path / "cells.csv").read_text().splitlines()
    assert header == ",".join(["setting", "query_lang", "pool", "n_queries", "n_left_out", *NAMES])
    assert first.startswith("monolingual,de,de,2,0,0.583333,0.583333,0.250000,")
    assert first.endswith(",")
    assert last.startswith("multilingual,fr,all,1,0,0.833333,")
    assert last.endswith(",2.000000")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("summary.json", "{}"),
        ("summary.json", "[1]"),
        ("summary.json", "{"),
        ("cells.csv", ""),
        ("cells.csv", "setting,map\nmonolingual,1\n"),
        ("queries.parquet", "PAR1"),
    ],
)
def test_broken_files_are_refused_by_name(evaluation, tmp_path, name, content):
    save(evaluation, tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=name):
        load(tmp_path)


@pytest.mark.parametrize("change", [lambda text: text[:-40], lambda text: text.replace("0.583333", "much")])
def test_truncated_or_spoilt_cells_are_refused(evaluation, tmp_path, change):
    save(evaluation, tmp_path)
    cells = tmp_path / "cells.csv"
    cells.write_text(change(cells.read_text()))
    with pytest.raises(DataError, match="cells.csv"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["summary.json", "cells.csv", "queries.parquet"])
def test_missing_files_are_named(evaluation, tmp_path, name):
    save(evaluation, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=name):
        load(tmp_path)


def test_results_read_what_was_saved(evaluation, tmp_path):
    save(evaluation, tmp_path / "xx" / "cldr")
    write_json(tmp_path / "xx" / "training.json", training("xx", ["de"]))
    (tmp_path / "xx" / "final.json").write_text('{"cldr": {}}')
    (results,) = read_results(tmp_path, ["xx"])
    assert results.summaries["cldr"]["settings"] == evaluation.settings
    assert results.cells("cldr")[-1]["rank_distance"] == 2.0
    assert results.cells("cldr")[0]["rank_distance"] is None
