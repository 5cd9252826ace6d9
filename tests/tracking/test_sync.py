import json
import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from hbir.core.files import write_json
from hbir.core.machine import record_path, write_record
from hbir.core.training_record import read_training
from hbir.evaluation.results import SamplerResults
from hbir.reporting import verdicts
from hbir.tracking.experiment_names import names_of
from hbir.tracking.live import LiveRun
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise, synchronise_quietly
from hbir.tracking.sync_summary import SyncSummary
from tests.reporting.builder import KINDS, settings, trained
from tests.tracking.look import artifacts, build, history, lengths, runs

RECORD = {
    "seconds": 90.5,
    "pairs_per_second": [{"step": step, "value": 600.0 + step} for step in range(20, 1201, 20)],
    "device": "cpu",
    "threads": 2,
    "peak_memory_mb": 900.0,
    "platform": "Linux",
    "python": "3.11.7",
    "packages": {"torch": "2.13.0"},
}


@pytest.fixture
def results(root: Path) -> list[SamplerResults]:
    built = build(root / "scores")
    for result in built:
        write_record(root, result.record.fingerprint, RECORD)
    return built


def sync(results: list[SamplerResults], store: Store, params: TrackingParams, **origin: object) -> SyncSummary:
    return synchronise(results, store, Path(), params, Origin(**{"is_workspace": True, **origin}))  # type: ignore[arg-type]


def counts(summary: SyncSummary) -> tuple[int, int, int]:
    return summary.created, summary.completed, summary.unchanged


def test_benchmarks_may_have_a_slash_in_their_names(root: Path, store: Store, params: TrackingParams):
    kinds = {name: KINDS[name] for name in ("beir/my set", "mteb/STS22")}
    results = build(root / "scores", ["xx"], benchmarks=kinds)
    assert counts(sync(results, store, params)) == (1, 0, 0)
    assert counts(sync(results, store, params)) == (0, 0, 1)
    run = runs(store)["xx"]
    settings = results[0].summaries["beir/my set"].settings
    assert run.data.metrics["beir/my set/monolingual/ndcg_at_10"] == settings["monolingual"]["ndcg@10"]
    assert run.data.metrics["mteb/STS22/mteb/cosine_spearman"] == 0.9612
    assert artifacts(store, run, "scores/beir/my set") == {"scores/beir/my set/cells.csv"}


def test_every_sampler_gets_its_run(results: list[SamplerResults], store: Store, params: TrackingParams):
    assert counts(sync(results, store, params, revision="c0ffee")) == (3, 0, 0)
    found = runs(store)
    assert set(found) == {"xx", "xy", "hybrid"}
    run, curve = found["hybrid"], trained(results[2]).curve
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time == pytest.approx(90_500, abs=5_000)
    assert run.data.params["sampler"] == "hybrid"
    assert run.data.params["alpha"] == "0.5"
    assert run.data.tags["hbir.revision"] == "c0ffee"
    assert run.data.tags["hbir.device"] == "cpu"
    assert run.data.metrics["machine/peak_memory_mb"] == 900.0
    losses = [(row.step, row.loss) for row in curve.train]
    assert history(store, run, "train/loss") == losses
    halves = [(row.step, row.monolingual) for row in curve.validation]
    assert history(store, run, "validation/monolingual") == halves
    assert len(history(store, run, "train/pairs_per_second")) == 60
    best, final = settings("hybrid")["multilingual"], settings("hybrid", 0.99)["multilingual"]
    assert run.data.metrics["cldr/multilingual/map"] == best["map"]
    assert run.data.metrics["variants/cldr/final/multilingual/map"] == final["map"]


COUNTED = {
    "es": {"pairs": 5, "texts": 9, "truncated": 1, "rejected": {"copied": 2, "empty": 1}, "absent": {}},
    "de": {"pairs": 8, "texts": 9, "truncated": 0, "rejected": {}, "absent": {"no_version": 3}},
    "fr": {"pairs": 7, "texts": 9, "truncated": 0, "rejected": {}, "absent": {}},
}


def write_counts(root: Path, counts: dict[str, Any]) -> None:
    """Write what the translate stage counts; `fr` is no language of the project any more."""
    (root / "params.yaml").write_text("languages: [de, en, es]\n")
    for language, stats in counts.items():
        write_json(root / f"data/translated/{language}.stats.json", stats)


def translation(store: Store, name: str = "xx") -> dict[str, Any]:
    run = runs(store)[name]
    folder = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
    counted: dict[str, Any] = json.loads((folder / "translation.json").read_text())
    return counted


def test_what_became_of_the_pairs_in_each_language_is_a_file_and_no_chart(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    write_counts(store.root, COUNTED)
    sync(results, store, params)
    kept = {language: COUNTED[language] for language in ("de", "es")}
    assert [translation(store, name) for name in ("xx", "xy", "hybrid")] == [kept] * 3
    run = runs(store)["xx"]
    assert run.data.tags["hbir.translated_pairs"] == "13"
    assert run.data.tags["hbir.rejected_pairs"] == "3"
    assert not [name for name in run.data.metrics if name.startswith("translation")]
    before = lengths(store)
    assert counts(sync(results, store, params)) == (0, 0, 3)
    assert lengths(store) == before


def test_new_counts_replace_the_old(results: list[SamplerResults], store: Store, params: TrackingParams):
    write_counts(store.root, COUNTED)
    sync(results, store, params)
    write_counts(store.root, {"es": COUNTED["es"] | {"pairs": 7, "rejected": {"copied": 1}}})
    assert counts(sync(results, store, params)) == (0, 3, 0)
    assert translation(store)["es"]["rejected"] == {"copied": 1}
    assert runs(store)["xx"].data.tags["hbir.rejected_pairs"] == "1"


def test_files_of_a_run(results: list[SamplerResults], store: Store, params: TrackingParams):
    sync(results, store, params)
    run = runs(store)["xy"]
    files = {"training.json", "composition.png", "environment.json", "report.html"}
    assert artifacts(store, run) == {*files, "scores"}
    assert artifacts(store, run, "scores/cldr") == {"scores/cldr/cells.csv"}
    folder = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
    assert read_training(folder / "training.json") == trained(results[1])
    assert "<h3>Language composition" in (folder / "report.html").read_text()
    assert (folder / "composition.png").read_bytes().startswith(b"\x89PNG")


def test_who_prefers_which_language_is_a_file_of_the_run(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    text = "query_lang,passage_lang,share@10,chance_share@10,first,chance_first\nde,en,0.4,0.5,,\n"
    (results[0].folder / "cldr/preferences.csv").write_text(text)
    sync(results, store, params)
    run = runs(store)["xx"]
    assert artifacts(store, run, "scores/cldr") == {"scores/cldr/cells.csv", "scores/cldr/preferences.csv"}
    folder = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
    assert (folder / "scores/cldr/preferences.csv").read_text() == text


def test_twice_is_once(results: list[SamplerResults], store: Store, params: TrackingParams):
    sync(results, store, params)
    before = lengths(store)
    assert counts(sync(results, store, params)) == (0, 0, 3)
    assert lengths(store) == before
    assert before["xx"]["train/loss"] == 60
    assert before["xx"]["cldr/multilingual/map"] == 1


def test_what_a_training_logged_is_not_logged_again(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    """The store failed after step 600, so half of the curve is missing."""
    training = trained(results[0])
    live = LiveRun(store.root)
    live.start(training.fingerprint, "xx", training.params)
    for row in training.curve.train[:30]:
        live.train(**asdict(row), pairs_per_second=1.0)
    live.finish("KILLED")
    assert counts(sync(results, store, params)) == (2, 1, 0)
    run = runs(store)["xx"]
    assert run.info.status == "FINISHED"
    assert [step for step, _ in history(store, run, "train/loss")] == list(range(20, 1201, 20))
    speeds = dict(history(store, run, "train/pairs_per_second"))
    assert (speeds[600], speeds[620]) == (1.0, 1220.0)


def test_the_saved_curve_fills_what_was_not_watched(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    """Live points every 60 steps up to 300 and from 900 on; the saved curve has one every 20."""
    training = trained(results[0])
    live = LiveRun(store.root)
    live.start(training.fingerprint, "xx", training.params)
    watched = [*range(60, 301, 60), *range(900, 1201, 60)]
    for step in watched:
        live.train(step, 1.0, 0.1, 100.0)
    live.finish("KILLED")
    rarely = replace(params, log_every=60)
    sync(results, store, rarely)
    steps = [step for step, _ in history(store, runs(store)["xx"], "train/loss")]
    assert sorted(steps) == sorted([*watched, *range(320, 841, 20)])
    sync(build(store.root / "scores", changes={"xx": settings("hybrid")}), store, rarely)
    assert [step for step, _ in history(store, runs(store)["xx"], "train/loss")] == steps


def test_a_deleted_store_comes_back(
    results: list[SamplerResults], store: Store, params: TrackingParams, tables: Path
):
    write_counts(store.root, COUNTED)
    sync(results, store, params)
    before = {name: (run.data.params, run.data.metrics) for name, run in runs(store).items()}
    store.client._tracking_client.store.engine.dispose()
    shutil.copyfile(tables, store.root / "mlflow.db")
    again = Store(store.root)
    assert runs(again) == {}
    summary = sync(results, again, params)
    assert counts(summary) == (3, 0, 0)
    assert {name: (run.data.params, run.data.metrics) for name, run in runs(again).items()} == before
    assert "speed" not in str(summary)


def test_a_lost_record_is_said_once_and_nothing_else_is_lost(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    for result in results[:2]:
        record_path(store.root, result.record.fingerprint).unlink()
    said = str(sync(results, store, params))
    assert said.count("speed and environment of 2 runs are not known here") == 1
    found = runs(store)
    assert "train/pairs_per_second" not in found["xx"].data.metrics
    assert "train/pairs_per_second" in found["hybrid"].data.metrics
    assert len(history(store, found["xx"], "train/loss")) == 60
    assert "speed" not in str(sync(results, store, params))
    write_record(store.root, results[0].record.fingerprint, RECORD)
    assert counts(sync(results, store, params)) == (0, 1, 2)
    assert "train/pairs_per_second" in runs(store)["xx"].data.metrics


def test_experiment_names_are_merged(results: list[SamplerResults], store: Store, params: TrackingParams):
    sync(results, store, params, experiments=("b",), revision="1")
    sync(results, store, params, experiments=("a",), revision="2")
    sync(results, store, params, experiments=("b",), revision="3")
    sync(results, store, params)
    assert {run.data.tags["hbir.experiments"] for run in runs(store).values()} == {"a, b"}
    assert {run.data.tags["hbir.revision"] for run in runs(store).values()} == {"1"}


def test_new_scores_of_the_same_training_replace_the_old(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    sync(results, store, params)
    changed = build(store.root / "scores", changes={"xy": settings("hybrid")})
    assert counts(sync(changed, store, params)) == (0, 1, 2)
    metrics = runs(store)["xy"].data.metrics
    assert metrics["cldr/multilingual/map"] == settings("hybrid")["multilingual"]["map"]
    assert metrics["variants/cldr/final/multilingual/map"] == settings("xy", 0.99)["multilingual"]["map"]


def test_another_training_of_a_sampler_is_another_run(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    sync(results, store, params)
    other = replace(results[0], record=replace(trained(results[0]), fingerprint="0123456789" * 6))
    assert counts(sync([other], store, params)) == (1, 0, 0)
    assert set(runs(store)) == {"xx", "xy", "hybrid", "xx 0123456"}
    assert compared(store) == {"xx 0123456"}


def compared(store: Store) -> set[str]:
    """Return the names of what the link of `hbir ui` shows."""
    found = store.search(f"tags.`{store.comparison}` = 'current'")
    return {run.info.run_name.replace(" seed 1", "") for run in found}


def test_the_comparison_is_what_the_folder_shows(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    sync(results, store, params)
    assert compared(store) == {"xx", "xy", "hybrid"}
    sync(results[1:], store, params)  # a baseline is not compared any more
    assert compared(store) == {"xy", "hybrid"}
    sync(results[:1], store, params, is_workspace=False, experiments=("aside",))
    assert compared(store) == {"xy", "hybrid"}
    assert set(runs(store)) == {"xx", "xy", "hybrid"}


def test_runs_of_another_seed_have_another_name(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    sync(results, store, params)
    training = trained(results[0])
    changed = replace(training, fingerprint="0123456789" * 6, params=training.params | {"seed": 2})
    other = replace(results[0], record=changed)
    sync([other], store, params)
    assert {run.info.run_name for run in store.search()} == {
        "xx seed 1",
        "xy seed 1",
        "hybrid seed 1",
        "xx seed 2",
    }


def test_scores_of_a_benchmark_that_was_taken_out_go(root: Path, store: Store, params: TrackingParams):
    sync(build(root / "scores", ["xx"], benchmarks=("cldr", "xquad-r")), store, params)
    before = runs(store)["xx"]
    assert "1 main/multilingual mAP xquad-r" in before.data.metrics
    sync(build(root / "scores", ["xx"], benchmarks=("cldr",)), store, params)
    [after] = runs(store).values()
    assert not [name for name in after.data.metrics if "xquad-r" in name]
    assert len(history(store, after, "train/loss")) == 60
    assert store.client.get_run(before.info.run_id).info.lifecycle_stage == "deleted"


def test_new_scores_keep_the_run_whose_machine_was_watched(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    """Metrics of the machine are no scores, which a run could have lost."""
    sync(results[:1], store, params)
    before = runs(store)["xx"].info.run_id
    store.client.log_metric(before, "system/cpu_utilization_percentage", 50.0)
    sync(build(store.root / "scores", ["xx"], changes={"xx": settings("hybrid")}), store, params)
    assert runs(store)["xx"].info.run_id == before


def test_scores_of_an_experiment_are_kept_beside_new_ones(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    sync(results[:1], store, params, experiments=("first",))
    changed = build(store.root / "scores", ["xx"], changes={"xx": settings("hybrid")})
    sync(changed, store, params)
    maps = {name: run.data.metrics["cldr/multilingual/map"] for name, run in runs(store).items()}
    assert maps == {
        "xx": settings("xx")["multilingual"]["map"],
        f"xx {changed[0].record.fingerprint[:7]}": settings("hybrid")["multilingual"]["map"],
    }


def test_more_names_of_experiments_than_a_tag_holds(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    names = tuple(f"experiment-of-the-{number:04}th-try" for number in range(700))
    sync(results[:1], store, params, experiments=names[:400])
    sync(results[:1], store, params, experiments=names[300:])
    assert names_of(runs(store)["xx"].data.tags) == set(names)


LOCK = """schema: '2.0'
stages:
  collect:
    params:
      params.yaml:
        collect:
          sources:
          - kind: cldr
          - {kind: csv, path: data/sources/faq.csv}
  encoder:
    params:
      params.yaml:
        encoder: {name: tiny, revision: null, tiny: {vocabulary: 300}}
        languages: [de, en]
        batches.languages: all
  translate@de:
    params:
      params.yaml:
        translate.engine: {name: opus-mt}
        translate.languages: {es: apertium}
"""


def test_params_say_what_the_samplers_share(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    (store.root / "params.yaml").write_text("encoder: {name: changed since}\n")
    (store.root / "dvc.lock").write_text(LOCK)
    sync(results[:1], store, params)
    found = runs(store)["xx"].data.params
    expected = {
        "encoder": "tiny",
        "vocabulary": "300",
        "languages": "de, en",
        "training_languages": "all",
        "sources": "cldr, csv data/sources/faq.csv",
        "engine": "opus-mt, es: apertium",
    }
    assert {key: found[key] for key in expected} == expected


def test_the_stage_describes_what_it_ran_on_not_what_dvc_lock_has_of_the_run_before(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    (store.root / "dvc.lock").write_text(LOCK)
    (store.root / "params.yaml").write_text("languages: [de, en, tr]\n")
    write_json(store.root / "data/translated/tr.stats.json", COUNTED["de"])
    synchronise_quietly(results[:1], params)
    assert runs(store)["xx"].data.params["languages"] == "de, en, tr"
    assert set(translation(store)) == {"tr"}


def test_scores_in_other_languages_are_no_scores_of_a_run_that_names_the_old_ones(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    (store.root / "params.yaml").write_text("languages: [de, en]\n")
    sync(results[:1], store, params)
    (store.root / "params.yaml").write_text("languages: [de, en, tr]\n")
    sync(build(store.root / "scores", ["xx"], changes={"xx": settings("hybrid")}), store, params)
    [run] = runs(store).values()
    assert run.data.params["languages"] == "de, en, tr"
    assert run.data.metrics["cldr/multilingual/map"] == settings("hybrid")["multilingual"]["map"]
    assert len(history(store, run, "train/loss")) == 60


def test_a_training_that_was_never_scored_keeps_no_param_of_that_time(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    training = trained(results[0])
    (store.root / "params.yaml").write_text("languages: [de, en]\n")
    live = LiveRun(store.root)
    live.start(training.fingerprint, "xx", training.params)
    live.finish("FINISHED")
    (store.root / "params.yaml").write_text("languages: [de, en, tr]\n")
    synchronise_quietly(results[:1], params)
    [run] = runs(store).values()
    assert run.data.params["languages"] == "de, en, tr"
    assert len(history(store, run, "train/loss")) == 60


def test_a_param_that_is_too_long_for_mlflow_is_cut(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    results[0].record.params["schedule"] = [[0.5, 1.0]] * 2000
    sync(results[:1], store, params)
    assert len(runs(store)["xx"].data.params["schedule"]) == 6000


def test_the_stage_says_what_it_did(
    results: list[SamplerResults], params: TrackingParams, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO, "hbir"):
        synchronise_quietly(results, params)
    assert caplog.records[-1].getMessage().startswith("MLflow runs: 3 created, 0 completed, 0 up to date\n")
    assert set(runs(Store(Path.cwd()))) == {"xx", "xy", "hybrid"}


def test_differences_to_the_headline_are_metrics(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    """Those of a later headline stand beside, and nothing is logged twice or counted as work."""
    origin = Origin(is_workspace=True)
    found = verdicts.compared(results, "hybrid")
    synchronise(results, store, Path(), params, origin, found=found)
    measured = runs(store)["xx"].data.metrics
    name = "against hybrid/cldr/multilingual/map"
    [one] = [
        one
        for one in found
        if (one.other, one.setting, one.measure, one.language) == ("xx", "multilingual", "map", "")
    ]
    assert one.interval is not None
    assert measured[f"{name}/p"] == one.p
    assert measured[f"{name}/difference"] == -one.value < 0
    assert (measured[f"{name}/low"], measured[f"{name}/high"]) == (-one.interval.high, -one.interval.low)
    assert not [name for name in runs(store)["hybrid"].data.metrics if name.startswith("against ")]
    before = lengths(store)
    again = synchronise(results, store, Path(), params, origin, found=found)
    assert counts(again) == (0, 0, 3)
    assert lengths(store) == before
    synchronise(results, store, Path(), params, origin, found=verdicts.compared(results, "xx"))
    assert runs(store)["xx"].data.metrics == measured
    assert "against xx/cldr/multilingual/map/p" in runs(store)["hybrid"].data.metrics


def test_new_scores_keep_their_run_whatever_it_was_compared_with(
    root: Path, results: list[SamplerResults], store: Store, params: TrackingParams
):
    origin = Origin(is_workspace=True)
    synchronise(results, store, Path(), params, origin, found=verdicts.compared(results, "hybrid"))
    before = {name: run.info.run_id for name, run in runs(store).items()}
    newer = build(root / "newer", changes={"xx": settings("xy")})
    sync(newer, store, params)
    assert {name: run.info.run_id for name, run in runs(store).items()} == before
