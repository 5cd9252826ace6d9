"""What `hbir estimate` says before is what the stages make, within what it says it knows."""

import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from ruamel.yaml import YAML

from hbir.collection.sources import check_sources
from hbir.commands.estimate import estimate as command
from hbir.core.params import read_params
from hbir.core.paths import ENGLISH_PAIRS, PAIRS, PARALLEL_TEXTS, TRANSLATED
from hbir.core.rows import compared_rows
from hbir.encoding.presets import PRESETS
from hbir.encoding.shapes import shape_of
from hbir.inputs.check import check
from hbir.inputs.study import merge
from hbir.retrieval.index import bytes_of
from hbir.studies import cost, rates, source_size
from hbir.studies.amounts import UNKNOWN, Amount, about, exactly, total
from hbir.studies.estimate import estimate
from hbir.studies.estimate_table import show
from hbir.studies.made import find_made
from hbir.studies.source_size import size_of_source
from hbir.studies.study_file import read_study
from stages.build_batches import build_batches
from stages.collect import collect
from stages.translate import translate
from tests.pipeline.project import TINY

ROOT = Path(__file__).parents[2]
LANGUAGES = ["de", "en", "es"]


def words(rng: random.Random, count: int) -> str:
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(count))


def rows_of(count: int) -> list[dict[str, Any]]:
    rng = random.Random(1)
    return [
        {
            "id": f"d{number}",
            "text": {lang: {"title": words(rng, 8), "body": words(rng, 60)} for lang in LANGUAGES},
        }
        for number in range(count)
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of 300 parallel texts, of which nothing is made yet."""
    params = read_params(ROOT / "params.yaml")
    (tmp_path / "data" / "sources").mkdir(parents=True)
    path = tmp_path / "data" / "sources" / "docs.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows_of(300)))
    sources = [{"kind": "parallel", "name": "docs", "path": "data/sources/docs.jsonl"}]
    merge(params, {**TINY, "collect": {"sources": sources}, "translate": {"engine": "parallel"}})
    with (tmp_path / "params.yaml").open("w") as stream:
        YAML().dump(params, stream)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


def estimated(**keys: Any) -> dict[str, Any]:
    params = read_params()
    merge(params, keys)
    whole = check(dict(params))
    stages = estimate(whole, params, find_made(params, whole.project.languages), "A100", None)
    return {stage.name: stage for stage in stages}


def make() -> None:
    for stage, arguments in ((collect, []), *((translate, [lang]) for lang in LANGUAGES), (build_batches, [])):
        CliRunner().invoke(stage, arguments, catch_exceptions=False)


def lock(params: dict[str, Any]) -> None:
    """Write what DVC would of these stages."""
    made = {
        "collect": (["collect"], [ENGLISH_PAIRS, PARALLEL_TEXTS]),
        **{f"translate@{lang}": (["translate.engine"], [TRANSLATED / f"{lang}.parquet"]) for lang in LANGUAGES},
        "build_batches": (["batches", "seed"], [PAIRS]),
    }
    found = {
        name: {
            "params": {"params.yaml": {key: value_at(params, key) for key in keys}},
            "outs": [{"path": str(path), "size": path.stat().st_size} for path in paths],
        }
        for name, (keys, paths) in made.items()
    }
    with Path("dvc.lock").open("w") as stream:
        YAML().dump({"schema": "2.0", "stages": found}, stream)


def value_at(params: Any, key: str) -> Any:
    for name in key.split("."):
        params = params[name]
    return params


def size(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)


def test_before_anything_is_made_rows_and_steps_are_right_and_disk_within_a_factor(project: Path):
    before = estimated()
    make()
    assert before["collect"].rows == exactly(len(pq.read_table(ENGLISH_PAIRS))) == exactly(300)
    translated = [TRANSLATED / f"{lang}.parquet" for lang in LANGUAGES]
    assert before["translate"].rows == about(sum(len(pq.read_table(path)) for path in translated))
    assert before["build-batches"].rows == about(len(pq.read_table(PAIRS)))
    plans = sorted(Path("data/batches").glob("*.parquet"))
    assert before["train"].rows == exactly(sum(len(pq.read_table(path)) for path in plans))
    assert before["train"].steps == exactly(sum(pq.read_table(path)["step"][-1].as_py() for path in plans) + 3)
    for stage, paths in (("collect", [ENGLISH_PAIRS, PARALLEL_TEXTS]), ("translate", translated)):
        assert 0.5 < before[stage].disk.value / size(*paths) < 2
    assert 0.5 < before["build-batches"].disk.value / size(PAIRS, *plans) < 2


def test_what_is_made_is_counted_and_what_is_of_other_params_is_not(project: Path):
    make()
    lock(read_params())
    now = estimated()
    assert now["collect"].disk == exactly(size(ENGLISH_PAIRS, PARALLEL_TEXTS))
    assert now["translate"].disk == exactly(size(*(TRANSLATED / f"{lang}.parquet" for lang in LANGUAGES)))
    assert now["translate"].rows == now["build-batches"].rows == exactly(900)
    params = read_params()
    found = find_made(params, LANGUAGES)
    assert (found.pairs and found.pairs.rows, found.versions) == (300, 900)
    assert find_made({**params, "seed": 2}, LANGUAGES).batches is None
    other = {**params, "collect": {**params["collect"], "max_query_characters": 7}}
    assert find_made(other, LANGUAGES).pairs is None
    ENGLISH_PAIRS.write_bytes(ENGLISH_PAIRS.read_bytes() + b"x")
    assert find_made(params, LANGUAGES).pairs is None


def test_what_nobody_knows_is_unknown_and_stays_so(project: Path):
    away = {"kind": "jsonl", "name": "away", "path": "data/sources/nowhere.jsonl"}
    sources = [*read_params()["collect"]["sources"], away]
    found = estimated(
        collect={"sources": sources},
        translate={"engine": "nllb"},
        encoder={"name": "somebody/encoder"},
        evaluate={"benchmarks": ["beir/own"]},
    )
    assert found["collect"].rows == found["collect"].disk == found["collect"].seconds == UNKNOWN
    assert found["translate"].seconds == found["build-batches"].rows == UNKNOWN
    assert (
        found["encoder"].disk
        == found["encoder"].memory
        == found["train"].seconds
        == found["score"].rows
        == UNKNOWN
    )
    assert found["train"].steps == exactly(12)  # which the params alone decide
    with_limit = estimated(collect={"sources": [*sources[:1], {**away, "expected_pairs": 50, "limit": 40}]})
    assert with_limit["collect"].rows == about(340)


def test_the_paper_is_estimated_from_what_its_params_say(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    params = read_params()
    merge(params, read_study("paper").params)
    whole = check(dict(params))
    stages = {stage.name: stage for stage in estimate(whole, params, find_made(params, []), "A100", None)}
    expected = sum(source["expected_pairs"] for source in params["collect"]["sources"])
    assert stages["collect"].rows == about(expected)
    assert stages["train"].steps == exactly(60_000)
    shape = shape_of(whole.encoder)
    assert shape
    steps = 6_000_000 * cost.pair_operations(shape, whole) / (312e12 * cost.USED)
    tokens = (stages["build-batches"].rows.value or 0) * source_size.TEXT_BYTES * rates.TOKENISED
    assert stages["train"].seconds.value == pytest.approx(steps + tokens, rel=0.01)
    assert stages["translate"].seconds == UNKNOWN


def test_the_page_shows_what_the_command_says_of_the_paper(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    params = read_params()
    merge(params, read_study("paper").params)
    console = Console(width=100, record=True, file=io.StringIO())
    show(estimate(check(dict(params)), params, find_made(params, []), "A100", None), [], console)
    page = (ROOT / "docs/how-to/study.md").read_text().splitlines()
    shown = [line.rstrip() for line in console.export_text().splitlines() if line.strip()]
    assert len(shown) == 9
    assert [line for line in shown if line not in page] == []


def test_the_table_has_a_total_and_says_what_is_assumed(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hbir.commands.estimate.require_project", lambda: None)
    runner = CliRunner(env={"COLUMNS": "120"})
    shown = runner.invoke(command, ["--gpu", "H100"], catch_exceptions=False).output
    lines = shown.splitlines()
    first = [line.split()[0] for line in lines if line.strip()]
    assert [name for name in first if name in ("train", "score", "total")] == ["train", "score", "total"]
    assert "Nothing is made yet" in shown
    assert "Hours on one H100" in shown
    assert "Assumed, as perf/scale.json has it" in shown
    total_line = next(line for line in lines if line.startswith("total"))
    assert ">" in total_line  # a training's memory is unknown


def test_of_a_streamed_corpus_the_embeddings_are_counted_if_they_are_kept(project: Path):
    passages = 131_924 + 49_043
    texts = {"languages": ["sw", "yo"], "name": "miracl"}

    def disk(embeddings: str | None, *others: str, **keys: Any) -> Any:
        evaluate = {"benchmarks": [texts, *others], "embeddings": embeddings}
        return estimated(evaluate=evaluate, **keys)["score"].disk

    models = len(compared_rows(read_params()))
    one = bytes_of(passages, read_params()["encoder"]["tiny"]["width"])
    assert disk(".hbir/embeddings") == about(models * one)
    assert disk(".hbir/embeddings", floors=["bm25"]) == about(models * one)
    assert disk(None) == disk("s3://bucket/embeddings") == about(0)
    assert disk(".hbir/embeddings", "beir/own") == disk(None, "beir/own") == UNKNOWN
    assert disk(".hbir/embeddings", encoder={"name": "somebody/encoder"}) == UNKNOWN
    scores = cost.CLDR_TEXTS * len(LANGUAGES) * models * rates.SCORED
    assert disk(".hbir/embeddings", "cldr") == about(models * one + scores)


def test_an_encoder_is_made_of_the_texts_of_its_languages_or_loaded(project: Path):
    def seconds(**encoder: Any) -> Any:
        found = estimated(encoder=encoder)["encoder"]
        assert found.memory.value > rates.LIBRARIES
        return found.seconds.value - 7

    every = seconds(languages="all")
    assert seconds(languages=["de"]) == pytest.approx(every / 3)
    assert seconds(languages="training") == pytest.approx(every)
    large, base = seconds(name="xlm-roberta-large"), seconds(name="xlm-roberta-base")
    assert large / base == pytest.approx(
        PRESETS["xlm-roberta-large"].parameters / PRESETS["xlm-roberta-base"].parameters
    )


amounts = st.builds(Amount, st.none() | st.integers(0, 9), st.booleans())


@given(st.lists(amounts, max_size=4))
def test_sums_are_known_as_well_as_the_least_known_part(parts: list[Amount]):
    found = total(parts)
    assert (found.value is None) == any(part.value is None for part in parts)
    if found.value is not None:
        assert found.value == sum(part.value or 0 for part in parts)
        assert found.is_exact == all(part.is_exact for part in parts)
    assert [exactly(3).shown(str), about(3).shown(str), UNKNOWN.shown(str)] == ["3", "~3", "unknown"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_long_file_is_estimated_from_its_beginning(tmp_path: Path, monkeypatch, packed: bool):
    lines = "".join(f"{json.dumps(row)}\n" for row in rows_of(400))
    path = tmp_path / "docs.jsonl"
    path.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    kind, source = check_sources([{"kind": "jsonl", "name": "docs", "path": str(path)}])[0]
    whole = size_of_source(kind, source)
    assert whole.pairs.value == 400
    assert whole.text.value == pytest.approx(len(lines) / 400)
    monkeypatch.setattr(source_size, "READ", len(lines) // 2)
    found = size_of_source(kind, source)
    assert not found.pairs.is_exact
    assert found.pairs.value == pytest.approx(400, rel=0.5 if packed else 0.05)  # gzip is read in blocks
    assert found.text.value == pytest.approx(whole.text.value, rel=0.05)


def test_parquet_csv_and_squad_are_counted(tmp_path: Path):
    pq.write_table(pa.table({"query": ["a"] * 7, "passage": ["b"] * 7, "other": ["c"] * 7}), tmp_path / "p")
    (tmp_path / "c.csv").write_text("query,passage\n1,2\n3,4\n")
    for kind, name, count in (("parquet", "p", 7), ("csv", "c.csv", 2)):
        given = {"kind": kind, "name": "own", "path": str(tmp_path / name)}
        assert size_of_source(*check_sources([given])[0]).pairs == about(count)
