"""The report of made-up experiments: its answer follows from the tests, and what is missing is named."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hbir.commands.study import study
from hbir.core.errors import DataError, ParamsError
from hbir.evaluation.comparable import query_tables
from hbir.evaluation.intervals import resample
from hbir.evaluation.results import SamplerResults
from hbir.reporting.git import committed_data
from tests.reporting.builder import build, settings
from tests.studies.repository import STUDY, git, make_repository, params_with, save_all, save_experiment

LANGUAGES = ("de", "en", "es")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_repository(tmp_path / "project")
    monkeypatch.chdir(root)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setattr("hbir.studies.collect.fetch_scores", made_up)
    return root


def made_up(root: Path, commit: str, name: str, samplers: list[str], folder: Path) -> list[SamplerResults]:
    """Make scores in which a larger α is better within a language and worse across languages."""
    params = committed_data(root, commit, "params.yaml")
    alpha, seed = params["batches"]["hybrid"]["alpha"], params["seed"]
    size = {8: 1.0, 16: 0.9}[params["batches"]["size"]]
    up, down = (1 + sign * 0.1 * (alpha - 0.5) + 0.002 * seed for sign in (1, -1))
    changes: dict[str, Any] = {"hybrid": settings("hybrid", size * up)}
    changes["hybrid"]["cross_lingual"] = settings("hybrid", size * down)["cross_lingual"]
    return build(folder, samplers, LANGUAGES, changes=changes)


def report(*arguments: str) -> Result:
    return CliRunner().invoke(study, ["report", "curve", *arguments], catch_exceptions=False)


def page(project: Path, name: str = "curve") -> str:
    return (project / "studies/reports" / name / "report.md").read_text(encoding="utf-8")


def rows(project: Path, file: str) -> list[dict[str, str]]:
    text = (project / "studies/reports/curve" / file).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_answer_is_what_the_tests_show(project: Path):
    save_all(project)
    output = report().output
    assert "better in some and worse in others: `0.0` and `1.0`" in output
    text = page(project)
    assert text.startswith("# Which α?\n\nBeside `0.5`, in 4 columns:")
    assert "- monolingual mAP: better: `1.0`; worse: `0.0`; no difference shown: `xx`; highest mean: " in text
    assert "- cross-lingual mAP: better: `0.0`; worse: `1.0` and `xx`; highest mean: `0.0`" in text
    assert "- multilingual rank distance ↓: better: `1.0`; worse: `0.0` and `xx`; lowest mean: `1.0`" in text


def test_where_nothing_differs_nothing_is_said_to(project: Path, monkeypatch: pytest.MonkeyPatch):
    save_all(project)
    monkeypatch.setattr(
        "hbir.studies.collect.fetch_scores",
        lambda root, commit, name, samplers, folder: build(folder, samplers, LANGUAGES),
    )
    report("--only", "0.0", "--only", "0.5", "--only", "1.0")
    assert "no difference shown in any: `0.0` and `1.0`" in page(project)


def test_scores_and_differences_are_in_the_tables_and_in_csv(project: Path):
    save_all(project)
    report()
    scores = [row for row in rows(project, "scores.csv") if row["row"] == "1.0" and row["measure"] == "map"]
    assert [row["setting"] for row in scores] == ["monolingual", "cross_lingual", "multilingual"]
    for row in scores:
        seeds = [float(row["seed 1"]), float(row["seed 2"])]
        assert float(row["mean"]) == pytest.approx(sum(seeds) / 2, abs=1e-6)
        assert float(row["low"]) < float(row["mean"]) < float(row["high"])
    [mono] = [
        row
        for row in rows(project, "differences.csv")
        if (row["row"], row["setting"], row["measure"]) == ("1.0", "monolingual", "map")
    ]
    assert mono["verdict"] == "better"
    assert float(mono["difference"]) == pytest.approx(0.05 * 0.9331, abs=1e-5)
    assert float(mono["low"]) <= float(mono["difference"]) <= float(mono["high"])
    assert float(mono["p"]) <= 0.05
    assert re.search(r"\| 1\.0 \| \S+ ± \S+ \[\S+, \S+\] better \|", page(project))
    assert re.search(r"\| 1\.0 \| \*\*\+\.047 \[\S+, \S+\]\*\* better, p \S+, d \S+ \|", page(project))


def test_the_curve_is_drawn_and_described_and_always_the_same(project: Path):
    save_all(project)
    report()
    path = project / "studies/reports/curve/cldr.svg"
    first = path.read_bytes()
    text = first.decode()
    assert "<title>cldr</title>" in text
    [alt] = re.findall(r"!\[(.*?)\]\(cldr\.svg\)", page(project))
    assert alt.startswith("cldr against batches.hybrid.alpha, means over 2 seeds. monolingual mAP: ")
    assert "for 0.0, " in alt
    for colour in ("#009e73", "#0072b2"):  # hybrid's curve, and xx beside it
        assert colour in text
    assert "batches.hybrid.alpha" in text
    report()
    assert path.read_bytes() == first


def test_it_says_how_to_make_it_again(project: Path):
    save_all(project)
    report()
    commit = git(project, "rev-parse", "HEAD")
    text = page(project)
    assert f"6 experiments, 2 seeds (1 and 2), from commit `{commit}`" in text
    assert f"$ git checkout {commit[:10]}\n$ python -m hbir study run curve\n" in text
    assert "```text\nthreads=1\n```" in text
    assert "batches.hybrid.alpha: [0.0,0.5,1.0]" in text


def test_a_missing_experiment_is_named_with_its_log(project: Path):
    save_all(project, alphas=(0.0, 0.5))
    log = project / ".hbir/studies/curve/curve-1.0-seed-2.log"
    log.parent.mkdir(parents=True)
    log.write_text("Error: no\n")
    with pytest.raises(
        DataError,
        match=r"expected all of its 6 experiments, found 4; missing: curve-1.0-seed-1 and curve-1.0-seed-2. "
        r"Make them .*--partial. Failed, stopped or running: see .hbir/studies/curve/curve-1.0-seed-2.log",
    ):
        report()


def test_what_is_there_is_compared_where_it_is_asked_for(project: Path):
    save_all(project, alphas=(0.0, 0.5))
    save_all(project, alphas=(1.0,), seeds=(2,))
    report("--partial")
    text = page(project)
    assert "Not all of it: curve-1.0-seed-1 and curve-1.0-seed-2 are left out." in text
    assert "$ python -m hbir study report curve --partial\n" in text
    assert "| 1.0 |" not in text
    assert "`0.0`" in text


def test_seeds_are_chosen_that_most_values_have(project: Path):
    save_all(project, seeds=(1, 2))
    save_all(project, alphas=(0.5,), seeds=(3,))
    study_file = project / "studies/curve.yaml"
    study_file.write_text(study_file.read_text().replace("seeds: [1, 2]\n", "seeds: [1, 2, 3]\n", 1))
    report("--partial")
    assert "6 experiments, 2 seeds (1 and 2)" in page(project)
    assert "| 1.0 |" in page(project)


def test_one_seed_has_intervals_over_queries_alone_and_only_where_it_is_asked_for(project: Path):
    save_all(project, seeds=(2,))
    with pytest.raises(DataError, match="at least two seeds for an interval over seeds, found 1"):
        report("--only", "seed-2")
    report("--partial")
    text = page(project)
    assert "One seed. Score [95 % interval" in text
    assert "±" not in text
    assert "3 experiments, 1 seed (2), from commit" in text
    scores = rows(project, "scores.csv")
    assert {row["spread"] for row in scores} == {""}
    assert all(float(row["low"]) < float(row["mean"]) == float(row["seed 2"]) for row in scores)
    intervals = {(r["row"], r["setting"], r["measure"]): (r["low"], r["high"]) for r in scores}
    tables = query_tables(
        made_up(project, experiment_commit(project, "curve-0.5-seed-2"), "", ["hybrid"], project / "again"),
        "cldr",
    )
    found = resample([tables["hybrid"]], "cldr", ["map"])["multilingual"].interval(0, 0)
    assert found
    assert intervals["0.5", "multilingual", "map"] == (f"{found.low:.6f}", f"{found.high:.6f}")


def test_with_nothing_there_is_no_report(project: Path):
    with pytest.raises(DataError, match="found 0"):
        report("--partial")


def test_two_references_are_tested_each_by_itself_and_the_scores_shown_once(project: Path):
    (project / "studies/curve.yaml").write_text(SAMPLERS.replace("seeds:", "reference: [xx, hybrid]\n  seeds:"))
    for seed in (1, 2):
        save_experiment(project, f"curve-seed-{seed}", params_with({"seed": seed}))
    output = report().output
    assert "cldr: Beside `xx`" in output
    assert "cldr: Beside `hybrid`" in output
    text = page(project)
    assert "beside `hybrid`\n" in text
    assert text.count("![") == 3  # scores, languages, distances, and all of them once
    assert len(re.findall(r"^\| \S+ \| \.\d+ ± ", text, flags=re.MULTILINE)) == 2
    found = rows(project, "differences.csv")
    assert {(row["row"], row["reference"]) for row in found} == {("xx", "hybrid"), ("hybrid", "xx")}
    scores = [
        (row["row"], row["queries"], row["setting"], row["measure"]) for row in rows(project, "scores.csv")
    ]
    assert len(scores) == len(set(scores))


def test_a_second_seed_of_fewer_rows_is_read_where_the_others_are_taken_away(project: Path):
    study_file = SAMPLERS.replace(
        "seeds:", "samplers: [xx, hybrid, mixed]\n  reference: [mixed, hybrid]\n  seeds:"
    )
    (project / "studies/curve.yaml").write_text(study_file + "baselines: [mixed]\n")
    save_experiment(project, "curve-seed-1", params_with({"baselines": ["mixed"]}))
    save_experiment(project, "curve-seed-2", params_with({"seed": 2}))
    report("--partial")
    assert "1 seed (1)" in page(project)
    assert "| mixed |" in page(project).replace("**", "")
    report("-S", "baselines=[]")
    assert "2 seeds (1 and 2)" in page(project)
    assert "| mixed |" not in page(project).replace("**", "")
    assert {row["reference"] for row in rows(project, "differences.csv")} == {"hybrid"}


def test_an_unknown_second_reference_is_refused(project: Path):
    save_all(project)
    (project / "studies/curve.yaml").write_text(STUDY.replace("beside: [xx]", "reference: ['0.5', '0.55']"))
    with pytest.raises(ParamsError, match="Did you mean '0.5'"):
        report()


def test_two_values_of_a_sweep_are_references(project: Path):
    save_all(project)
    (project / "studies/curve.yaml").write_text(
        STUDY.replace("compare:", "reference: ['0.5', '0.0']\n  compare:")
    )
    report()
    assert {row["reference"] for row in rows(project, "differences.csv")} == {"0.5", "0.0"}
    assert page(project).count("](cldr.svg)") == 1


def test_experiments_of_another_commit_are_pointed_at_and_read_by_its_name(project: Path):
    save_all(project)
    old = git(project, "rev-parse", "HEAD")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "two")
    with pytest.raises(DataError, match=f"6 of them started from commit {old[:7]}: --baseline {old[:7]}"):
        report()
    assert report("--baseline", old[:7]).exit_code == 0
    assert f"from commit `{old}`" in page(project)


def test_an_experiment_of_an_older_state_of_the_study_is_refused(project: Path):
    save_all(project)
    study_file = project / "studies/curve.yaml"
    study_file.write_text(study_file.read_text().replace("threads: 1", "threads: 2"))
    with pytest.raises(DataError, match=r"threads: 1 instead of 2; so it is with 5 more"):
        report()


def test_results_of_two_states_of_the_code_are_refused(project: Path):
    save_all(project)
    changed = params_with({"batches.hybrid.alpha": 1.0, "seed": 2, "threads": 1})
    for name, md5 in (("curve-1.0-seed-2", "new"), ("curve-1.0-seed-1", "old")):
        changed["seed"] = int(name[-1])
        lock = {"stages": {"train_xx": {"deps": [{"path": "hbir/training", "md5": md5}]}}}
        save_experiment(project, name, changed, lock)
    with pytest.raises(DataError, match="another content of hbir/training"):
        report()


def test_scores_of_other_queries_are_refused(project: Path, monkeypatch: pytest.MonkeyPatch):
    save_all(project)

    def uneven(root: Path, commit: str, name: str, samplers: list[str], folder: Path) -> list[SamplerResults]:
        return build(folder, samplers, LANGUAGES if "seed-1" in name else LANGUAGES[:2])

    monkeypatch.setattr("hbir.studies.collect.fetch_scores", uneven)
    with pytest.raises(DataError, match="the same languages"):
        report()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("beside: [xx]", "beside: [xyz]", "samplers: expected one of hybrid, xx, found 'xyz'"),
        ("beside: [xx]", "reference: '0.55'", "Did you mean '0.5'"),
        ("beside: [xx]", "apart: [batches]", "apart"),
        ("beside: [xx]", "benchmarks: [cldx]", "expected the benchmark cldx, found cldr"),
        ("beside: [xx]", "measures: [main, rank_distnace]", "study.measures: .*Did you mean 'rank_distance'"),
        ("beside: [xx]", "measures: [mpa]", "study.measures: .*Did you mean 'map'"),
    ],
)
def test_a_wrong_name_in_the_comparison_is_named(project: Path, before: str, after: str, message: str):
    save_all(project)
    (project / "studies/curve.yaml").write_text(STUDY.replace(before, after))
    with pytest.raises((DataError, ParamsError), match=message):
        report()


def test_a_known_measure_that_no_benchmark_here_has_is_left_out(project: Path):
    save_all(project)
    (project / "studies/curve.yaml").write_text(STUDY.replace("beside: [xx]", "measures: [main, peer]"))
    report()
    assert {row["measure"] for row in rows(project, "scores.csv")} == {"map"}


TWO_AXES = """
study:
  question: Which size?
  sweep:
    batches.size: [8, 16]
    batches.hybrid.alpha: [0.0, 0.5, 1.0]
  seeds: [1, 2]
  compare: cells
  apart: [APART]
"""


@pytest.mark.parametrize("apart", ["", "batches.size"])
def test_two_axes_make_two_curves_or_two_tables(project: Path, apart: str):
    (project / "studies/curve.yaml").write_text(TWO_AXES.replace("APART", apart))
    for size in (8, 16):
        for alpha in (0.0, 0.5, 1.0):
            for seed in (1, 2):
                params = params_with({"batches.hybrid.alpha": alpha, "seed": seed, "batches.size": size})
                save_experiment(project, f"curve-{size}-{alpha}-seed-{seed}", params)
    report()
    drawings = sorted(path.name for path in (project / "studies/reports/curve").glob("*.svg"))
    if apart:
        assert [name for name in drawings if name.count("-") == 1] == ["cldr-16.svg", "cldr-8.svg"]
        assert {"cldr-16-distances.svg", "cldr-16-languages.svg", "cldr-8-distances.svg"} < set(drawings)
        assert "## cldr 2.18.0+3f2a9c, 16\n" in page(project)
        assert "| 0.5 |" in page(project).replace("**", "")
    else:
        assert drawings == ["cldr-distances.svg", "cldr-languages.svg", "cldr.svg"]
        assert "Beside `8-0.5`" in page(project)
        assert "| 16-1.0 |" in page(project)


SAMPLERS = """
study:
  question: Which sampler?
  seeds: [1, 2]
  groups: true
  published: {cldr: {'': {xx: {monolingual map: 0.9612, multilingual map: 0.5}}}}
  source: a paper
"""


def test_samplers_are_compared_with_the_headline_and_with_published_figures(project: Path):
    (project / "studies/curve.yaml").write_text(SAMPLERS)
    for seed in (1, 2):
        save_experiment(project, f"curve-seed-{seed}", params_with({"seed": seed}))
    report()
    text = page(project)
    assert "Beside `hybrid`" in text
    assert (
        "Of 2 published figures, 1 lie within our interval over seeds and queries, and 1 outside of it." in text
    )
    assert re.search(
        r"\| xx \| multilingual mAP \| \.500 \| \.140 \[\S+, \S+\] \| \*\*−\.36\d \[−\S+, −\S+\]\*\* \|", text
    )
    assert "Published: a paper." in text


def test_the_table_is_that_of_the_evaluations_own_functions(project: Path, tmp_path: Path):
    """The twin: resampling, testing and correcting called by hand."""
    from hbir.evaluation.comparable import query_tables
    from hbir.evaluation.differences import compare
    from hbir.evaluation.over_seeds import averaged, resample_seeds

    save_all(project)
    report()
    seeds = []
    for seed in (1, 2):
        tables = {}
        for alpha in (0.0, 0.5, 1.0):
            commit = git(project, "rev-parse", experiment_ref(project, f"curve-{alpha}-seed-{seed}"))
            results = made_up(project, commit, "", ["xx", "hybrid"], tmp_path / f"{alpha}-{seed}")
            found = query_tables(results, "cldr")
            tables[str(alpha)] = found["hybrid"]
            if alpha == 0.5:
                tables["xx"] = found["xx"]
        seeds.append({name: tables[name] for name in ("0.0", "0.5", "1.0", "xx")})
    over = resample_seeds(seeds, "cldr", ["map", "rank_distance"])
    measured = [(s, "map") for s in ("monolingual", "cross_lingual", "multilingual")]
    tests = compare(
        averaged(seeds, ["map", "rank_distance"]),
        "cldr",
        "0.5",
        [*measured, ("multilingual", "rank_distance")],
        seeds=seeds,
    )
    for row in rows(project, "differences.csv"):
        [test] = [
            t for t in tests if (t.other, t.setting, t.measure) == (row["row"], row["setting"], row["measure"])
        ]
        assert float(row["difference"]) == pytest.approx(-test.value, abs=1e-6)
        assert float(row["p"]) == pytest.approx(test.p, abs=1e-6)
        number = ["0.0", "0.5", "1.0", "xx"].index(row["row"])
        measure = ["map", "rank_distance"].index(row["measure"])
        interval = over[row["setting"]].resampled.difference(number, 1, measure)
        assert interval is not None
        assert (float(row["low"]), float(row["high"])) == pytest.approx((interval.low, interval.high), abs=1e-6)


def experiment_commit(project: Path, name: str) -> str:
    return git(project, "rev-parse", experiment_ref(project, name))


def experiment_ref(project: Path, name: str) -> str:
    lines = git(project, "for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
    return next(line for line in lines if line.endswith(f"/{name}"))
