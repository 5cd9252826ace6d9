"""Rows that nothing was trained for have runs, too."""

import shutil
from pathlib import Path

from hbir.core.rival_record import RIVAL, RivalRecord, write_rival
from hbir.core.rows import find_row
from hbir.evaluation.results import read_results
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from tests.reporting.test_rivals import add_rival
from tests.tracking.look import artifacts, build, runs
from tests.tracking.models import save_model

ROWS = ["xx", "xy", "merged-0.25", "initial", "hybrid+centred", "bm25"]


def test_a_rival_has_a_run_with_its_scores(root: Path, store: Store, params: TrackingParams):
    build(root / "scores", ["xx", "xy"])
    for name in ROWS[2:]:
        add_rival(root / "scores", name)
    save_model(root / "models/merged-0.25", "f")
    (root / "models/merged-0.25/training.json").unlink()
    record = RivalRecord(sampler="merged-0.25", fingerprint=f"{'merged-0.25':0<64}", params={})
    write_rival(root / "models/merged-0.25" / RIVAL, record)
    shutil.copytree(root / "models/merged-0.25", root / "models/initial")
    results = read_results(root / "scores", ROWS)
    summary = synchronise(results, store, Path(), params, Origin(is_workspace=True))
    assert (summary.created, summary.without_record) == (6, 2)
    said = [note.split(":")[0] for note in summary.notes]
    assert said == ["xx", "xy", "hbir-merged-0.25"]  # whose models are not here, and a champion
    found = runs(store)
    assert set(found) == set(ROWS)
    for name in ROWS[2:]:
        row, tags = find_row(name), found[name].data.tags
        assert row is not None
        assert (tags["hbir.sampler"], tags["mlflow.runColor"]) == (name, row.colour)
        assert tags["mlflow.source.name"] == f"hbir score {name}"
        assert found[name].data.metrics["cldr/multilingual/map"] == 0.2032
        assert not [metric for metric in found[name].data.metrics if metric.startswith("train/")]
        assert RIVAL in artifacts(store, found[name])
    assert found["merged-0.25"].data.tags["hbir.checkpoint"] == "model"
    assert "hbir.checkpoint" not in found["initial"].data.tags
    assert synchronise(results, store, Path(), params, Origin(is_workspace=True)).unchanged == 6
