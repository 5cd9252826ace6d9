"""Saving an evaluation."""

import dataclasses

import numpy as np
import pytest

from hbir.core.files import read_table, write_json
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.measures import NAMES
from hbir.evaluation.results import read_results
from hbir.evaluation.save import save
from hbir.evaluation.summary import read_summary
from tests.evaluation.conftest import make_task
from tests.reporting.builder import training


@pytest.fixture
def evaluation(bilingual, bilingual_scores):
    task = dataclasses.replace(bilingual, query_groups=["seen", "unseen", "seen"])
    return evaluate(task, [bilingual_scores])


def test_what_is_saved_is_the_summary_the_cells_and_the_scores_of_queries(evaluation, tmp_path):
    save(evaluation, tmp_path / "cldr")
    found = read_summary(tmp_path / "cldr" / "summary.json")
    for field in ("task", "settings", "groups", "counts"):
        assert getattr(found, field) == getattr(evaluation, field)
    assert read_table(tmp_path / "cldr" / "queries.parquet", queries_schema_of) == evaluation.queries


def test_an_evaluation_without_scores_is_saved(tmp_path):
    save(evaluate(make_task(["de"], ["de"], []), [np.ones((1, 1))]), tmp_path / "empty")
    assert read_summary(tmp_path / "empty" / "summary.json").settings == {}


def test_same_scores_same_bytes(evaluation, tmp_path):
    for name in ("one", "two"):
        save(evaluation, tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["cells.csv", "preferences.csv", "queries.parquet", "summary.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_cells_are_plain_for_plots(evaluation, tmp_path):
    save(evaluation, tmp_path)
    header, first, *_, last = (tmp_path / "cells.csv").read_text().splitlines()
    assert header == ",".join(["setting", "query_lang", "pool", "n_queries", "n_left_out", *NAMES, *BIAS_NAMES])
    assert first.startswith("monolingual,de,de,2,0,0.583333,0.583333,0.250000,")
    assert first.endswith(",")
    assert last.startswith("multilingual,fr,all,1,0,0.833333,")
    assert ",2.000000,0.400000,3.000000," in last  # rank distance, its share of 5 passages, Max@R


def test_results_read_what_was_saved(evaluation, tmp_path):
    save(evaluation, tmp_path / "xx" / "cldr")
    write_json(tmp_path / "xx" / "training.json", training("xx", ["de"]))
    (tmp_path / "xx" / "final.json").write_text('{"cldr": {}}')
    (results,) = read_results(tmp_path, ["xx"])
    assert results.summaries["cldr"].settings == evaluation.settings
    assert results.cells("cldr")[-1]["rank_distance"] == 2.0
    assert results.cells("cldr")[0]["rank_distance"] is None
