"""Real DVC in one warm clone: only what depends on a change runs again."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.pipeline.project import STAGE, Clone, environment, make_clone

HEADLINE = ["inputs", "evaluate"]
HEAVY = {"train_xx", "train_xy", "train_hybrid"}


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("clone") / "hbir")
    clone.extra["CONNECTIONS"] = str(clone.root.parent / "connections")
    clone.first = clone.stages_run("repro")  # type: ignore[attr-defined]
    clone.commit("results")
    return clone


@pytest.fixture
def clone(warm: Clone) -> Iterator[Clone]:
    """Give the warm clone, and bring its workspace back afterwards."""
    yield warm
    warm.forget_changes()
    warm.dvc("checkout", "--force", "--quiet")


def test_the_first_repro_runs_every_stage(warm: Clone):
    translated = [f"translate@{lang}" for lang in ("de", "en", "es")]
    scored = [f"score@{sampler}" for sampler in ("xx", "xy", "hybrid")]
    expected = {"inputs", "collect", *translated, "build_batches", "encoder", *HEAVY, *scored, "evaluate"}
    assert set(warm.first) == expected  # type: ignore[attr-defined]
    assert warm.first[-1] == "evaluate"  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="commands run in a plain Python here")
def test_no_stage_asks_anything_of_another_machine(warm: Clone):
    """From `inputs` to `evaluate`; a command that must ask shows that it would be noted."""
    log = Path(warm.extra["CONNECTIONS"])
    assert not log.exists()
    asked = {"CONNECTIONS": f"{log}-asked", "MLFLOW_TRACKING_URI": "http://192.0.2.1:5000"}
    result = Clone(warm.root, asked).run("python", "-m", "hbir", "track", check=False)
    assert result.returncode == 1
    assert "expected a tracking server that answers" in result.stderr
    assert Path(f"{log}-asked").read_text()


def test_the_second_repro_runs_nothing(clone: Clone):
    assert clone.stages_run("repro") == []
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_alpha_leaves_xx_and_xy_untouched(clone: Clone):
    before = {name: clone.digest(f"models/{name}") for name in ("xx", "xy", "hybrid")}
    ran = clone.stages_run("exp", "run", "--name", "less", "-S", "batches.hybrid.alpha=0.3")
    assert ran == ["inputs", "build_batches", "train_hybrid", "score@hybrid", "evaluate"]
    after = {name: clone.digest(f"models/{name}") for name in before}
    assert {name for name in before if before[name] != after[name]} == {"hybrid"}


def test_an_evaluation_language_is_translated_alone_and_retrains_nothing(clone: Clone):
    clone.configure(languages=["de", "en", "es", "tr"])
    ran = clone.stages_run("repro", "translate", *sorted(HEAVY), "score@xx")
    assert ran.count("translate@tr") == 1
    assert {stage for stage in ran if stage.startswith("translate")} == {"translate@tr"}
    assert not HEAVY & set(ran)
    assert "score@xx" in ran
    summary = json.loads((clone.root / "scores/xx/cldr/summary.json").read_text())
    assert summary["task"]["languages"] == ["de", "en", "es", "tr"]


def test_a_training_language_is_translated_alone(clone: Clone):
    clone.configure(languages=["de", "en", "es", "vi"], batches={"languages": "all"})
    ran = clone.stages_run("repro", "build_batches")
    assert ran == ["inputs", "translate@vi", "build_batches"]


def test_another_number_of_threads_translates_nothing(clone: Clone):
    clone.configure(threads=2)
    assert clone.stages_run("repro", "encoder") == ["inputs", "encoder"]


def test_an_evaluation_parameter_retrains_nothing(clone: Clone):
    """No experiment: DVC skips `evaluate` where scores stay the same, so only `hbir track` would name it."""
    clone.configure(evaluate={"query_chunk": 77})
    assert clone.stages_run("repro", *sorted(HEAVY), "score@xx") == ["inputs", "score@xx"]


def test_a_baseline_trains_itself_alone(clone: Clone):
    clone.configure(baselines=["mixed"])
    ran = clone.stages_run("repro")
    assert set(ran) == {
        "inputs",
        "build_batches",
        "train_baseline@mixed",
        "score_baseline@mixed",
        "evaluate",
    }
    assert (clone.root / "metrics/mixed.json").is_file()
    clone.configure(baselines=[])
    ran = clone.stages_run("repro")
    assert ran[-1] == "evaluate"
    assert not [stage for stage in ran if stage.startswith(("train", "score"))]
    assert not (clone.root / "metrics/mixed.json").exists()
    assert not (clone.root / "scores/mixed").exists()
    assert clone.stages_run("repro") == []


def test_rivals_are_made_and_scored_and_nothing_is_trained(clone: Clone):
    rows = {"merged": [0.25], "rivals": ["initial"], "floors": ["bm25", "random"]}
    clone.configure(**rows, evaluate={"adjustments": ["centred"]})
    ran = clone.stages_run("repro")
    models = ["score_adjusted@xx", "score_adjusted@xy", "score_adjusted@hybrid", "score_adjusted_rival@initial"]
    assert set(ran) == {
        "inputs",
        "merge@0.25",
        "score_merged@0.25",
        "score_rival@initial",
        "score_floor@bm25",
        "score_floor@random",
        *(f"{name}-centred" for name in (*models, "score_adjusted_merged@0.25")),
        "evaluate",
    }
    assert clone.stages_run("repro") == []
    names = ["merged-0.25", "initial", "bm25", "random", "hybrid+centred", "merged-0.25+centred"]
    shown = clone.run("python", "-m", "hbir", "compare", "--format", "csv").stdout
    page = (clone.root / "reports/comparison.html").read_text()
    for name in names:
        assert f",{name}," in shown
        assert name in page
        assert (clone.root / f"metrics/{name}.json").is_file()
    assert "0.25 of `xx` and 0.75 of `xy`" in (clone.root / "models/merged-0.25/README.md").read_text()
    clone.configure(merged=[], rivals=[], floors=[], evaluate={"adjustments": []})
    assert [stage for stage in clone.stages_run("repro") if stage != "inputs"] == ["evaluate"]
    assert not any((clone.root / f"scores/{name}").exists() for name in names)


def test_only_the_chain_of_one_sampler_runs_where_it_is_asked_for(clone: Clone):
    clone.configure(train={"learning_rate": 0.003})
    assert clone.stages_run("repro", "score@xx") == ["inputs", "train_xx", "score@xx"]


def test_another_headline_trains_nothing_and_shows_its_metrics(clone: Clone):
    assert clone.stages_run("exp", "run", "--name", "head-xx", "-S", "sampler=xx") == HEADLINE
    assert clone.stages_run("exp", "run", "--name", "head-xy", "-S", "sampler=xy") == HEADLINE
    shown = clone.experiments()
    for name in ("xx", "xy"):
        metrics = {path: shown[f"head-{name}"]["metrics"][path]["data"] for path in _METRICS}
        assert metrics["metrics/headline.json"] == metrics[f"metrics/{name}.json"]
        assert shown[f"head-{name}"]["params"]["params.yaml"]["data"]["sampler"] == name


_METRICS = ("metrics/headline.json", "metrics/xx.json", "metrics/xy.json")


def test_a_wrong_headline_is_named(clone: Clone):
    result = clone.run("dvc", "exp", "run", "-S", "sampler=mixed", check=False)
    assert result.returncode != 0
    assert (
        "params.yaml: sampler: expected one of hybrid, xx, xy, found 'mixed'" in result.stdout + result.stderr
    )


@pytest.mark.slow
def test_queued_experiments_reach_the_store_of_the_main_repository(clone: Clone):
    clone.dvc("exp", "run", "--queue", "-S", "sampler=xx,hybrid", "-S", "overrides.xx.temperature=0.3")
    _break_the_main_checkout(clone)
    clone.dvc("queue", "start", "--jobs", "1")
    clone.wait_for_queue()
    params = [row["params"]["params.yaml"]["data"] for row in clone.experiments().values()]
    mine = [given["sampler"] for given in params if given["overrides"]["xx"]["temperature"] == 0.3]
    assert sorted(mine) == ["hybrid", "xx"]
    tracked = [run for run in _tracked(clone) if run["temperature"] == "0.3"]
    assert {run["sampler"] for run in tracked} == {"xx"}
    assert all(run["complete"] for run in tracked)


def test_a_temporary_experiment_trains_one_sampler_and_reaches_the_store_too(clone: Clone):
    command = ("dvc", "exp", "run", "--temp", "--name", "aside", "-S", "overrides.xy.temperature=0.2")
    ran = clone.stages_started(*command, meanwhile=_break_the_main_checkout)
    assert ran == ["inputs", "train_xy", "score@xy", "evaluate"]
    clone.forget_changes()
    mine = [run for run in _tracked(clone) if run["temperature"] == "0.2"]
    assert [run["sampler"] for run in mine] == ["xy"]
    assert mine[0]["complete"]
    assert "aside" in str(mine[0]["experiments"])
    assert clone.run("git", "status", "--porcelain").stdout == ""


@pytest.mark.slow
def test_a_stage_of_dvc_trains_on_two_processes(clone: Clone):
    """By the launcher of params.yaml; nothing else is made anew."""
    clone.configure(train={"launcher": "torchrun --standalone --nproc-per-node 2"})
    result = clone.run("dvc", "repro", "train_hybrid")
    assert STAGE.findall(result.stdout) == ["inputs", "train_hybrid"]
    assert "on 2 × cpu" in result.stderr


def test_a_deleted_store_comes_back(clone: Clone):
    before = {(run["fingerprint"], run["evaluation"]): run for run in _tracked(clone)}
    of_experiments = {name: run for name, run in before.items() if run["experiments"]}
    assert len(of_experiments) > 3
    (clone.root / "mlflow.db").unlink()
    clone.run("python", "-m", "hbir", "track")
    after = {(run["fingerprint"], run["evaluation"]): run for run in _tracked(clone)}
    assert {name: after.get(name) for name in of_experiments} == of_experiments
    assert after.keys() <= before.keys()
    assert {run["sampler"] for run in after.values()} == {"xx", "xy", "hybrid"}
    assert all(run["complete"] for run in after.values())


@pytest.mark.slow
def test_every_row_at_once_comes_out_of_one_experiment(clone: Clone):
    """The samplers that have no stage are trained, and nothing else; all rows reach the page and MLflow."""
    keys = (
        "baselines=[hybrid_rows,all_languages]",
        "rivals=[initial]",
        "merged=[0.25]",
        "floors=[bm25,random]",
        "evaluate.adjustments=[centred,lir]",
    )
    ran = clone.stages_run("exp", "run", "--name", "all-rows", *(part for key in keys for part in ("-S", key)))
    trained = {stage for stage in ran if stage.startswith("train")}
    assert trained == {"train_baseline@hybrid_rows", "train_baseline@all_languages"}
    models = ["xx", "xy", "hybrid", "hybrid_rows", "all_languages", "merged-0.25", "initial"]
    adjusted = [f"{model}+{adjustment}" for adjustment in ("centred", "lir") for model in models]
    names = [*models, *adjusted, "bm25", "random"]
    shown = clone.run("python", "-m", "hbir", "compare", "--format", "csv").stdout
    page = (clone.root / "reports/comparison.html").read_text()
    for name in names:
        assert f",{name}," in shown
        assert f">{name}<" in page
    clone.run("python", "-m", "hbir", "track")
    mine = [run for run in _tracked(clone) if "all-rows" in run["experiments"]]
    assert sorted(run["sampler"] for run in mine) == sorted(names)
    assert all(run["scores"] is not None for run in mine)


def test_another_machines_lock_costs_no_training(clone: Clone):
    """Other hashes of models, scores and reports, as another CPU gives them, come back by `git checkout .`."""
    lock = clone.root / "dvc.lock"
    text = lock.read_text(encoding="utf-8")
    for name, stage in YAML(typ="safe").load(text)["stages"].items():
        for out in stage["outs"] if name.startswith(("train", "score", "evaluate")) else ():
            text = text.replace(out["md5"], f"f0f0f0f0{out['md5'][8:]}")
    lock.write_text(text, encoding="utf-8")
    clone.commit("from another machine")
    assert "this one has its own of train_xx, train_xy, train_hybrid" in clone.run(*RESTORE).stdout
    assert clone.stages_run("repro") == []
    assert clone.run("git", "diff", "--name-only").stdout == "dvc.lock\n"
    clone.commit("from this machine")
    assert clone.run(*RESTORE).stdout == ""
    assert clone.stages_run("repro") == []


def test_a_fresh_clone_with_another_machines_lock_has_nothing_to_restore(clone: Clone):
    lock = clone.root / "dvc.lock"
    for out in re.findall(r"md5: ([0-9a-f]{32})", lock.read_text(encoding="utf-8")):
        lock.write_text(lock.read_text(encoding="utf-8").replace(out, f"f0f0f0f0{out[8:]}"), encoding="utf-8")
    for made in ("models", "data/pairs.parquet", "data/batches", "scores"):
        path = clone.root / made
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert clone.run(*RESTORE).stdout == ""


RESTORE = ("python", "-m", "hbir", "restore")


def test_a_killed_experiment_leaves_nothing_behind_after_three_commands(clone: Clone):
    with subprocess.Popen(
        ["dvc", "exp", "run", "-S", "seed=9"],
        cwd=clone.root,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout or ():
            if "Running stage 'collect'" in line or "Running stage 'build_batches'" in line:
                os.killpg(process.pid, signal.SIGKILL)
    clone.run("git", "reset", "--quiet", "--hard")
    clone.run("git", "switch", "--quiet", "main")
    clone.dvc("checkout")
    assert clone.run("git", "branch", "--show-current").stdout == "main\n"
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert clone.stages_run("repro") == []


def test_a_language_that_is_gone_leaves_no_file_and_no_trace_in_hashes(clone: Clone):
    folder = clone.root / "data/translated"
    shutil.copyfile(folder / "de.parquet", folder / "tr.parquet")
    assert clone.stages_run("repro", "build_batches") == ["build_batches"]
    assert not (folder / "tr.parquet").exists()
    assert clone.run("git", "status", "--porcelain").stdout == ""
    clone.configure(languages=["de", "en"], batches={"languages": "all"})
    assert clone.stages_run("repro", "build_batches") == ["inputs", "build_batches"]
    assert sorted(path.name for path in folder.glob("*.parquet")) == ["de.parquet", "en.parquet"]
    assert clone.stages_run("repro", "build_batches") == []


def test_the_plots_need_no_network(clone: Clone):
    clone.dvc("plots", "show")
    page = (clone.root / "dvc_plots/index.html").read_text()
    assert 'src="http' not in page
    assert "hybrid" in page


def _break_the_main_checkout(clone: Clone) -> None:
    """Make any stage that runs the main checkout's code fail: the queue must run its snapshot's."""
    (clone.root / "hbir/__init__.py").write_text("raise RuntimeError('the main checkout ran')\n")


def _tracked(clone: Clone) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("tracked.py").read_text()
    return list(json.loads(clone.run("python", "-c", script).stdout))
