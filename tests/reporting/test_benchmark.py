"""`hbir benchmark` scores a model by hand: its table, its file, and what it refuses."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hbir.commands import benchmark as command
from hbir.commands.benchmark import benchmark
from hbir.core.errors import DataError, HbirError, ModelError, ParamsError
from tests.encoding.test_encoder import saved
from tests.evaluation.test_trec_run import mine


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("benchmark") / "model")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HBIR_DATA", raising=False)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(benchmark, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_and_the_file_have_the_same_scores(model: Path, tmp_path: Path):
    out = tmp_path / "scores" / "cldr.json"
    files = ("--out", str(out), "--queries", str(tmp_path / "queries.csv"))
    printed = run("cldr", "--model", str(model), "--lang", "de,en", "--lang", "th", *files)
    found = json.loads(out.read_text())
    with (tmp_path / "queries.csv").open(newline="", encoding="utf-8") as stream:
        queries = list(csv.DictReader(stream))
    for setting, scores in found["settings"].items():
        means = defaultdict(list)
        for row in queries:
            if row["setting"] == setting:
                means[row["query_lang"], row["pool"]].append(float(row["map"]))
        assert np.mean([np.mean(mean) for mean in means.values()]) == pytest.approx(scores["map"], abs=1e-6)
    assert found["task"]["languages"] == ["de", "en", "th"]
    assert set(found["settings"]) == {"monolingual", "cross_lingual", "multilingual"}
    assert set(found["groups"]) == {"seen", "unseen"}
    for scores in found["settings"].values():
        assert f"{scores['map']:.4f}" in printed
    assert f"{found['settings']['multilingual']['rank_distance']:,.1f}" in printed
    assert len(found["model"]["fingerprint"]) == 64
    cells = [cell for cell in found["cells"] if cell["setting"] == "cross_lingual"]
    assert {(cell["query_lang"], cell["pool"]) for cell in cells} == {
        (one, other) for one in ("de", "en", "th") for other in ("de", "en", "th") if one != other
    }
    by_language = printed.split("by language of the query")[1]
    german = [cell["map"] for cell in cells if cell["query_lang"] == "de"]
    assert f"{sum(german) / 2:.4f}" in by_language
    assert max(map(len, printed.splitlines())) <= 80


def test_an_option_reaches_the_loader(model: Path, tmp_path: Path):
    folder = tmp_path / "mine"
    (folder / "qrels").mkdir(parents=True)
    rows = '{"_id": "a", "text": "one"}\n{"_id": "b", "text": "two"}\n'
    (folder / "corpus.jsonl").write_text(rows)
    (folder / "queries.jsonl").write_text(rows)
    (folder / "qrels/dev.tsv").write_text("query-id\tcorpus-id\tscore\na\ta\t1\nb\tb\t1\n")
    where = ("--model", str(model), "--data", str(folder))
    printed = run("beir/mine", *where, "--option", "split=dev", "--option", "language=sw")
    assert "2 queries · 2 passages" in printed
    assert "sw" in printed
    assert "nDCG@10" in printed


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["cldrr"], ParamsError, r"hbir benchmark.*: expected one of .*Did you mean 'cldr'"),
        (["xquad-r", "--lang", "fr", "--data", "."], ParamsError, r"languages: .*found 'fr'"),
        (["cldr", "--option", "candidate=x"], ParamsError, r"hbir benchmark: cldr: .*found 'candidate'"),
        (["cldr", "--option", "candidate"], ParamsError, "--option: expected KEY=VALUE, found candidate"),
        (["xquad-r", "--data", "nowhere"], ParamsError, "data: expected a path that exists, found nowhere"),
        (["xquad-r"], HbirError, r"xquad-r.*--data"),
    ],
)
def test_what_is_refused(model: Path, arguments: list[str], error: type[HbirError], message: str):
    with pytest.raises(error, match=message):
        run(*arguments, "--model", str(model))


def test_a_missing_model_is_told_before_anything_is_loaded():
    with pytest.raises(ModelError, match="no ./nothing"):
        run("xquad-r", "--model", "./nothing")


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path):
    (tmp_path / "taken").touch()
    with pytest.raises(DataError, match="taken"):
        run("cldr", "--model", "./nothing", "--out", str(tmp_path / "taken/scores.json"))


def test_scores_are_shown_even_if_they_cannot_be_written(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(command, "write_json", full)
    out = ("--out", str(tmp_path / "scores.json"))
    result = CliRunner().invoke(benchmark, ["cldr", "--model", str(model), "--lang", "de,en", *out])
    assert isinstance(result.exception, OSError)
    assert "mAP" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_batch_of_nothing_is_refused(model: Path):
    result = CliRunner().invoke(benchmark, ["cldr", "--model", str(model), "--batch-size", "0"])
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.output


@pytest.mark.parametrize("arguments", [[], ["--model", "x", "--run", "y"]])
def test_either_a_model_or_a_run(arguments: list[str]):
    result = CliRunner().invoke(benchmark, ["cldr", *arguments])
    assert result.exit_code == 2
    assert "Name either --model or --run." in result.output


def test_a_run_file_is_scored_without_a_model(tmp_path: Path):
    folder, out = tmp_path / "mine", tmp_path / "scores.json"
    (folder / "qrels").mkdir(parents=True)
    rows = '{"_id": "a", "text": "one"}\n{"_id": "b", "text": "two"}\n'
    (folder / "corpus.jsonl").write_text(rows)
    (folder / "queries.jsonl").write_text(rows)
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\na\ta\t1\nb\tb\t1\n")
    (tmp_path / "run.txt").write_text("a Q0 a 1 0.9 bm25\nb Q0 a 1 0.7 bm25\nb Q0 b 2 0.3 bm25\n")
    printed = run("beir/mine", "--run", "run.txt", "--data", str(folder), "--out", str(out))
    assert "run.txt" in printed
    found = json.loads(out.read_text())
    assert found["settings"]["monolingual"]["map"] == 0.75
    assert found["run"]["name"] == "run.txt"


def test_a_saved_run_is_scored_like_its_model(model: Path, tmp_path: Path):
    chosen = ("cldr", "--lang", "de,en")
    run(*chosen, "--model", str(model), "--out", "model.json", "--save-run", "run.txt")
    run(*chosen, "--run", "run.txt", "--out", "run.json")
    one, other = (json.loads(Path(name).read_text())["settings"] for name in ("model.json", "run.json"))
    for setting in one:  # rank distance is not there, since a run of 1,000 may lack a relevant passage
        assert one[setting]["recall@10"] == other[setting]["recall@10"]
        assert one[setting]["mrr@10"] == other[setting]["mrr@10"]


def test_a_run_cannot_be_saved_of_a_run_or_a_stream(model: Path, tmp_path: Path):
    result = CliRunner().invoke(benchmark, ["cldr", "--run", "x", "--save-run", "y"])
    assert result.exit_code == 2
    assert "--save-run writes the ranking of a --model." in result.output
    mine(tmp_path, ("de",))
    chosen = ("beir/mine", "--data", str(tmp_path), "--option", "exact_limit=0", "--model", str(model))
    with pytest.raises(DataError, match="expected a benchmark whose passages are held, found one whose corpus"):
        run(*chosen, "--save-run", "run.txt")
    assert not Path("run.txt").exists()


def test_a_file_that_cannot_be_written_is_told_before_the_work(model: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HbirError, match="file"):
        run("cldr", "--model", "no-such-model", "--out", str(tmp_path / "file" / "scores.json"))
