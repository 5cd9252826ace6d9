"""Batches that are translated on a cluster: the results of one process, whatever happens to workers."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import ray

import hbir.translation.cluster as translation
from hbir.cluster.params import ClusterParams
from hbir.core.errors import DataError, ModelError, ParamsError
from hbir.translation.cluster import RayRunner
from hbir.translation.engines.engine import Segment, Unfinished
from tests.cluster.conftest import LOCAL
from tests.cluster.watched import (
    Breaking,
    Differing,
    Dying,
    Failing,
    Mixed,
    Noting,
    Stopped,
    noted,
    runs,
    until,
)
from tests.translation import fakes
from tests.translation.makers import engine_of, translate_params

ALONE = ClusterParams(address="local", workers=1)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make a block of every batch, which has two texts."""
    monkeypatch.setattr(translation, "_TEXTS", 2)


def batches(count):
    return [[f"text {number}", f"{number} more"] for number in range(count)]


def run(make, work, workers=2):
    there = ClusterParams(address="local", workers=workers)
    return list(RayRunner(make, 1, there)(iter(work)))


def test_the_results_are_those_of_one_process_in_their_order(cluster, tmp_path):
    work = batches(12)
    assert run(partial(Noting, tmp_path), work) == [fakes.Mixing().translate(texts) for texts in work]
    assert sorted(text for _, text in noted(tmp_path)) == sorted(texts[0] for texts in work)
    assert len({process for process, _ in noted(tmp_path)} - {str(os.getpid())}) == 2


def test_the_batches_of_a_killed_worker_are_redone(cluster, tmp_path):
    work = batches(8)
    results = RayRunner(partial(Noting, tmp_path, stops_at="text 3"), 1, LOCAL)(iter(work))
    first = next(results)
    until(lambda: "text 3" in [text for _, text in noted(tmp_path)])
    [killed] = [process for process, text in noted(tmp_path) if text == "text 3"]
    os.kill(int(killed), signal.SIGKILL)
    # A killed process may run on for a moment, and would finish its batch.
    until(lambda: not runs(int(killed)))
    (tmp_path / "go").touch()
    assert [first, *results] == [fakes.Mixing().translate(texts) for texts in work]
    again = [process for process, text in noted(tmp_path) if text == "text 3"]
    assert len(again) == 2
    assert again[0] == killed != again[1]


def test_blocks_have_whole_batches_and_stream(cluster, tmp_path, monkeypatch):
    """A block has three batches, of which two workers hold six at most; a second call has the same workers."""
    monkeypatch.setattr(translation, "_TEXTS", 5)
    taken = []

    def stream():
        for texts in batches(50):
            taken.append(texts)
            yield texts

    runner = RayRunner(partial(Noting, tmp_path), 1, LOCAL)
    results = runner(stream())
    found = [next(results)]
    assert len(taken) <= 6 * 3
    found += results
    assert found == [fakes.Mixing().translate(texts) for texts in batches(50)]
    workers = {process for process, _ in noted(tmp_path)}
    assert list(runner(batches(4))) == found[:4]
    assert {process for process, _ in noted(tmp_path)} == workers


def test_who_stops_early_leaves_nothing_running(cluster):
    results = RayRunner(fakes.Upper, 1, ALONE)(iter(batches(50)))
    assert next(results) == ["TEXT 0", "0 MORE"]
    results.close()
    until(lambda: ray.available_resources()["CPU"] == 2)
    assert ray.available_resources()["CPU"] == 2
    assert list(results) == []


@pytest.mark.slow
def test_a_block_that_ends_every_worker_ends_the_work(cluster, tmp_path):
    with pytest.raises(ModelError, match=r"translate.cluster: expected a worker that answers, found "):
        run(partial(Dying, tmp_path, "text 1"), batches(3), workers=1)
    assert [text for _, text in noted(tmp_path)].count("text 1") == 4


def test_a_translator_s_error_reaches_the_user_as_it_is(cluster):
    with pytest.raises(DataError, match=r"^a row: expected sense, found none. Mend it.$"):
        run(Failing, batches(8), workers=1)


def test_any_other_error_comes_as_text(cluster):
    with pytest.raises(RuntimeError, match=r"(?s)worker of Ray failed.*ZeroDivisionError: at text 0"):
        run(Breaking, batches(1), workers=1)


def test_a_worker_with_another_model_is_refused(cluster):
    with pytest.raises(
        ModelError, match=r"translate.cluster: expected the same engine .*Name the model's `revision`"
    ):
        run(Differing, batches(2), workers=1)


@pytest.mark.slow
def test_workers_of_two_kinds_are_refused(cluster, tmp_path):
    told = r"the same arithmetic on every worker, found (bf16 and fp32|fp32 and bf16)\. .*`precision`"
    with pytest.raises(ModelError, match=told):
        run(partial(Mixed, tmp_path), batches(8))


def test_what_is_unfinished_comes_back_as_such(cluster):
    found = [type(text) for texts in run(Stopped, batches(3), workers=1) for text in texts]
    assert found == [str, str, Unfinished, str, str, str]


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/usr/share/apertium/modes/eng-spa.mode").is_file(),
    reason="apertium-eng-spa is not installed (`make apertium`)",
)
def test_a_whole_engine_gives_the_same_bytes(cluster, tmp_path):
    segments = [
        Segment("", f"The house number {number} is red. It has {number} doors.") for number in range(40)
    ]
    texts = []
    for name, params in (("here", None), ("there", {"address": "local", "workers": 2})):
        section = translate_params(
            engine="apertium", memory=str(tmp_path / name), batch_tokens=40, cluster=params
        )
        texts.append(engine_of(section, "es").translate(segments))
    assert texts[0] == texts[1]
    assert texts[0][7] == "El número de casa 7 es rojo. Tiene 7 puertas."


PROGRAM = """
import json, sys
from hbir.translation.cluster import RayRunner
from hbir.cluster.params import ClusterParams
import hbir.translation.probe as probe
runner = RayRunner(probe.Probe, 1, ClusterParams(address="auto", workers=1))
print(json.dumps(list(runner([["a"]]))))
"""
PROBE = """
import os

class Probe:
    identity, limit = {}, None
    def translate(self, texts):
        return [__file__, os.getcwd(), os.environ["DVC_ROOT"]]
"""


@pytest.mark.slow
def test_workers_of_a_temporary_experiment_run_its_code(cluster, tmp_path):
    """The copy has a module that the main checkout lacks; `auto` finds the running cluster."""
    shutil.copytree(ROOT / "hbir", tmp_path / "hbir", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "hbir" / "translation" / "probe.py").write_text(PROBE)
    environment = {**os.environ, "RAY_ADDRESS": cluster, "DVC_ROOT": str(ROOT), "PYTHONPATH": ""}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "probe.py" in done.stdout
    assert str(ROOT / "hbir") not in done.stdout
    assert str(tmp_path) in done.stdout
    assert done.stderr == ""


# Without a cluster


def test_an_engine_without_a_model_leaves_the_cluster_alone(caplog):
    params = translate_params(engine="cldr", cluster={"address": "nowhere", "workers": 2})
    assert engine_of(params, "es").name == "cldr"
    assert caplog.messages == [
        "params.yaml: translate.engine: engine cldr has no model; translate.cluster is not used"
    ]


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ParamsError, match=r"Run `pip install 'hbir\[cluster\]'`"):
        run(fakes.Upper, batches(1))


def test_a_missing_cluster_is_told(monkeypatch):
    """A real search would find whatever else runs on the machine."""

    def connect(*given, **options):
        raise ConnectionError

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", connect)
    with pytest.raises(ParamsError, match=r"'auto', where none answers. Start one with `ray start --head`"):
        list(RayRunner(fakes.Upper, 1, ClusterParams(address="auto", workers=1))(batches(1)))
