"""The parameter sets of studies/ are whole, and say what the paper says."""

import gzip
import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hbir.batching.params import BatchParams
from hbir.benchmarks.registry import FAMILIES, LOADERS, parse_entry
from hbir.benchmarks.registry import check_entries as checked_benchmarks
from hbir.collection.parallel import ParallelSource
from hbir.collection.parallel import read as read_parallel
from hbir.collection.params import CollectParams
from hbir.collection.sources import KINDS
from hbir.collection.sources import checked as checked_sources
from hbir.core.errors import DataError
from hbir.core.params import read_params, section, validated
from hbir.core.project import read_project, training_languages
from hbir.evaluation.params import EvaluateParams
from hbir.training.params import TrainParams
from studies import mmarco

STUDIES = Path(__file__).parents[1] / "studies"
PAPER = STUDIES / "paper.yaml"
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


def test_it_sets_what_the_paper_states():
    params = read_params(PAPER)
    assert set(read_project(params).languages) - set(training_languages(params)) == {"el", "vi"}
    assert len(training_languages(params)) == 9
    batches = section(params, "batches", BatchParams)
    assert (batches.size, batches.hybrid.alpha) == (100, 0.5)
    train = section(params, "train", TrainParams)
    assert train.weight_decay == 0.01
    assert train.learning_rate == 3e-5
    assert params["overrides"] == {}
    assert (train.validation.monolingual, train.validation.cross_lingual) == (["en"], False)


def test_its_sources_are_the_papers_with_its_sizes():
    collect = section(read_params(PAPER), "collect", CollectParams)
    sources = [source for _, source in checked_sources(collect.sources)]
    assert {source.name: getattr(source, "expected_pairs", None) for source in sources} == SIZES


def test_it_guards_against_and_scores_the_papers_benchmarks():
    params = read_params(PAPER)
    guarded = section(params, "collect", CollectParams).leak_guard
    scored = section(params, "evaluate", EvaluateParams).benchmarks
    assert list(checked_benchmarks(guarded, "leak_guard")) == ["xquad-r", "mlqa-r"]
    benchmarks = [parse_entry(entry)[1] for entry in checked_benchmarks(scored, "benchmarks")]
    assert [benchmark.name for benchmark in benchmarks] == ["xquad-r", "mlqa-r", "miracl"]
    assert len(benchmarks[-1].languages) == 15


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
        assert checked_sources(collect.sources)
        assert checked_benchmarks(collect.leak_guard, "leak_guard")
    else:
        assert checked_benchmarks(params["evaluate"]["benchmarks"], "benchmarks")


def test_the_page_on_data_names_every_benchmark_and_kind_of_source():
    page = DATA_PAGE.read_text(encoding="utf-8")
    names = [*LOADERS, *(f"{family}/<" for family in FAMILIES)]
    assert [name for name in names if f"| `{name}" not in page and f", `{name}" not in page] == []
    assert [kind for kind in KINDS if f"kind: {kind}" not in page] == []


def test_the_page_on_data_names_every_key_of_a_source():
    page = DATA_PAGE.read_text(encoding="utf-8")
    keys = {key for kind in KINDS.values() for key in kind.params.__pydantic_fields__} - {"kind"}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
