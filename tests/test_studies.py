"""Studies state only what differs from params.yaml, make it whole, and say what the paper says."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from hbir.benchmarks.registry import LOADERS, parse_entry
from hbir.benchmarks.registry import check_entries as checked_benchmarks
from hbir.collection.parallel import ParallelSource
from hbir.collection.parallel import read as read_parallel
from hbir.collection.params import CollectParams
from hbir.collection.sources import KINDS, check_sources
from hbir.commands.study import study
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import read_params, section, validated
from hbir.core.project import read_project, training_languages
from hbir.inputs.check import check
from hbir.inputs.named import of_all
from hbir.inputs.study import EXTENDS, SECTION, merge
from hbir.training.params import Overrides, read_overrides
from studies import mmarco

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "studies"
NAMES = sorted(path.stem for path in STUDIES.glob("*.yaml"))
DATA_PAGE = STUDIES.parent / "docs" / "data.md"
SIZES = {
    "wikiqa": 1_469,
    "duorc": 33_298,
    "newsqa": 59_496,
    "nq": 113_535,
    "yahoo": 135_557,
    "entity-questions": 176_975,
    "mr-tydi": 3_547,
    "mfaq": 3_567_659,
    "mmarco": 39_780_811,
}
"""Pairs per language in the paper's Table 9."""


def overlay(name: str) -> dict[str, Any]:
    content = read_params(STUDIES / f"{name}.yaml")
    return {key: value for key, value in content.items() if key not in (SECTION, EXTENDS)}


def before(name: str) -> dict[str, Any]:
    """Return the params that a study changes: those of the study that it extends, or those of the project."""
    base = read_params(STUDIES / f"{name}.yaml").get(EXTENDS)
    return study_params(base) if base else read_params(ROOT / "params.yaml")


def study_params(name: str) -> dict[str, Any]:
    params = before(name)
    merge(params, overlay(name))
    return params


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_whole_and_states_only_what_differs(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)  # benchmarks found there are refused: they must be linked
    changes = overlay(name)
    found = merge(before(name), changes)
    assert len(found) == sum(1 for _ in leaves(changes))
    whole = check(study_params(name))
    assert all(str(path.written).startswith("data/") for path in of_all(whole))


def leaves(changes: dict[str, Any]) -> Iterator[Any]:
    for value in changes.values():
        yield from leaves(value) if isinstance(value, dict) else (value,)


def test_the_paper_sets_what_it_states():
    params = study_params("paper")
    project = read_project(params)
    assert project.samplers == ["xx", "xy", "hybrid"]
    assert set(project.languages) - set(training_languages(params)) == {"el", "vi"}
    assert len(training_languages(params)) == 9
    whole = check(params)
    assert (whole.batches.size, whole.batches.hybrid.alpha) == (100, 0.5)
    assert (whole.train.weight_decay, whole.train.learning_rate) == (0.01, 3e-5)
    assert set(read_overrides(params).values()) == {Overrides()}
    validation = whole.train.validation
    assert (validation.monolingual, validation.cross_lingual) == (["en"], False)


def test_its_sources_are_the_papers_with_its_sizes():
    sources = [source for _, source in check_sources(check(study_params("paper")).collect.sources)]
    assert {source.name: getattr(source, "expected_pairs", None) for source in sources} == SIZES


def test_it_guards_against_and_scores_the_papers_benchmarks():
    whole = check(study_params("paper"))
    assert whole.collect.leak_guard == ["xquad-r", "mlqa-r"]
    benchmarks = [parse_entry(entry)[1] for entry in whole.evaluate.benchmarks]
    assert [benchmark.name for benchmark in benchmarks] == ["xquad-r", "mlqa-r", "miracl"]
    assert len(benchmarks[-1].languages) == 15


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with this one's params and studies, in Git."""
    shutil.copytree(STUDIES, tmp_path / "studies", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    (tmp_path / "stages").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HBIR_DATA", raising=False)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def test_a_study_changes_params_yaml_links_its_files_and_names_the_missing(project: Path):
    (project / "elsewhere/parallel-docs").mkdir(parents=True)
    (project / "elsewhere/parallel-docs/sections.jsonl.gz").touch()
    (project / "elsewhere/xquad-r").mkdir()
    (project / "elsewhere/xquad-r/en.json").touch()
    result = CliRunner().invoke(study, ["apply", "documents", "--data", "elsewhere"], catch_exceptions=False)
    assert "  batches.steps: 800 → 1500\n" in result.output
    assert "  translate.checks.script: 0.3 → null\n" in result.output
    assert "  missing: data/sources/parallel-docs/blocks.jsonl.gz" in result.output
    assert "Next: `dvc repro`" in result.output
    assert read_params(project / "params.yaml") == study_params("documents")
    assert (project / "data/sources/parallel-docs/sections.jsonl.gz").is_symlink()
    assert (project / "data/benchmarks/xquad-r/en.json").is_symlink()
    text = (project / "params.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Every choice of the pipeline.")
    apply_overrides(project / "params.yaml", ["seed=1"])
    assert (project / "params.yaml").read_text(encoding="utf-8") == text


def test_changes_that_are_not_in_git_are_kept_unless_forced(project: Path):
    path = project / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 1", "seed: 2"), encoding="utf-8")
    with pytest.raises(ParamsError, match="expected no change that is not in Git"):
        CliRunner().invoke(study, ["apply", "apertium"], catch_exceptions=False)
    CliRunner().invoke(study, ["apply", "apertium", "--force"], catch_exceptions=False)
    assert read_params(path) == {**study_params("apertium"), "seed": 2}


def test_an_unknown_study_and_one_that_does_not_fit_leave_params_yaml_alone(project: Path):
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(ParamsError, match="Did you mean 'paper'"):
        CliRunner().invoke(study, ["apply", "papers"], catch_exceptions=False)
    (project / "studies/mine.yaml").write_text("batches: {sizes: 8}\n")
    with pytest.raises(ParamsError, match="Did you mean 'size'"):
        CliRunner().invoke(study, ["apply", "mine"], catch_exceptions=False)
    assert (project / "params.yaml").read_bytes() == before


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make mMARCO in small: passage 11 is relevant to two queries, and one triple differs in its negative."""
    files = {mmarco.TRIPLES: "1\t11\t12\n1\t11\t13\n2\t11\t13\n2\t13\t11\n"}
    for lang, name in mmarco.LANGUAGES.items():
        files[mmarco.QUERIES.format(name)] = f"1\t{lang} one\n2\t{lang} two\n3\t{lang} unused\n"
        files[mmarco.PASSAGES.format(name)] = f"11\t{lang} p11\n12\t{lang} p12\n13\t{lang} p13\n"
    for file, text in files.items():
        path = tmp_path / "mmarco" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "mmarco"


def test_mmarcos_triples_become_pairs_that_the_parallel_source_reads(data: Path, tmp_path: Path):
    out = tmp_path / "pairs.jsonl.gz"
    assert mmarco.write_pairs(out, str(data)) == 3
    rows = [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    assert [row["id"] for row in rows] == ["1#11", "2#11", "2#13"]
    assert rows[1]["text"]["hi"] == {"title": "hi two", "body": "hi p11"}
    source = validated(ParallelSource, {"kind": "parallel", "name": "mmarco", "path": str(out)}, "test")
    pairs = list(read_parallel(source).pairs)
    assert [(pair.query, pair.passage, pair.group) for pair in pairs] == [
        ("en one", "en p11", "1"),
        ("en two", "en p11", "2"),
        ("en two", "en p13", "2"),
    ]
    assert set(pairs[0].versions) == {"ar", "de", "es", "hi", "ru", "zh"}


def test_the_same_files_give_the_same_bytes(data: Path, tmp_path: Path):
    first, second = tmp_path / "first.jsonl.gz", tmp_path / "second.jsonl.gz"
    mmarco.write_pairs(first, str(data))
    mmarco.write_pairs(second, str(data))
    assert first.read_bytes() == second.read_bytes()


def test_a_text_that_mmarco_lacks_and_a_broken_line_are_named(data: Path, tmp_path: Path):
    collection = data / mmarco.PASSAGES.format("german")
    collection.write_text("11\tde p11\n")
    with pytest.raises(DataError, match="german_collection.tsv.*none of 13"):
        mmarco.write_pairs(tmp_path / "out.jsonl.gz", str(data))
    collection.write_text("11 de p11\n")
    with pytest.raises(DataError, match="german_collection.tsv, line 1: expected 2 values"):
        mmarco.write_pairs(tmp_path / "out.jsonl.gz", str(data))
    assert not (tmp_path / "out.jsonl.gz").exists()


def examples() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", DATA_PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", examples())
def test_the_examples_on_data_are_params(block: str):
    params = YAML(typ="safe", pure=True).load(block)
    if "collect" in params:
        collect = section(params, "collect", CollectParams)
        assert check_sources(collect.sources)
        assert checked_benchmarks(collect.leak_guard, "leak_guard")
    else:
        assert checked_benchmarks(params["evaluate"]["benchmarks"], "benchmarks")


def test_every_benchmark_is_in_the_reference_and_every_kind_of_source_on_the_page_on_data():
    reference = (ROOT / "docs/reference/benchmarks.md").read_text(encoding="utf-8")
    names = [name.partition("<")[0] for name in LOADERS]
    assert [name for name in names if f"`{name}" not in reference] == []
    page = DATA_PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"kind: {kind}" not in page] == []


def test_the_reference_names_every_key_of_a_source():
    page = (ROOT / "docs/reference/params.md").read_text(encoding="utf-8")
    keys = {key for kind in KINDS.values() for key in kind.params.__pydantic_fields__} - {"kind"}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
