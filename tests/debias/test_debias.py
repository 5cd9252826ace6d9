"""The whole command on a small encoder: from texts to a folder that anybody can load, with a card."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sentence_transformers import SentenceTransformer

import hbir.debias.run as module
from hbir.commands.debias import debias
from hbir.core.errors import DataError, ParamsError
from hbir.debias.lengths import restore, shorten
from hbir.encoding.model import load_encoder
from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.scoring import Benchmark
from tests.debias.conftest import rows, write

QUICK = [
    "--batch-size",
    "4",
    "--steps",
    "12",
    "--learning-rate",
    "0.01",
    "--threads",
    "1",
    "--max-tokens",
    "16",
]


def run(folder: Path, model: Path, *more: str) -> Result:
    texts = write(folder / "texts.jsonl", rows())
    command = [str(model), str(texts), "--out", str(folder / "new"), *QUICK, *more]
    return CliRunner().invoke(debias, command, catch_exceptions=False)


def benchmark(folder: Path, model: SentenceTransformer, held_out: float) -> Evaluation:
    """Score as `hbir benchmark` does, from the user's own file."""
    entry = {"name": "parallel/x", "data": str(folder / "texts.jsonl"), "held_out": held_out, "query": "span"}
    params = EvaluateParams(benchmarks=[entry], query_chunk=64, batch_size=8, embeddings=None)
    return Benchmark(entry, None, params).score(model)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, model: Path) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("debias")
    return folder, run(folder, model).output


def test_out_comes_a_plain_encoder_with_its_own_limits(done: tuple[Path, str], model: Path):
    folder, output = done
    assert {path.name for path in folder.iterdir()} == {"texts.jsonl", "new"}
    before, after = SentenceTransformer(str(model)), SentenceTransformer(str(folder / "new"))
    assert after.prompts == before.prompts
    for part in (before[0], after[0]):
        assert (part.max_seq_length, part.query_length, part.document_length) == (40, 40, 40)
    assert not np.allclose(before.encode_query("stone"), after.encode_query("stone"))
    assert not (folder / "new/final").exists()
    assert "60 texts in de, en, zh" in output
    assert "held out: " in output


def test_the_tables_of_tokens_stay_unless_they_are_asked_for(
    done: tuple[Path, str], model: Path, tmp_path: Path
):
    run(tmp_path, model, "--train-embeddings")
    for folder, same in ((done[0], True), (tmp_path, False)):
        tables = [
            SentenceTransformer(str(path))[0].model.get_input_embeddings().weight.detach().numpy()
            for path in (model, folder / "new")
        ]
        assert np.array_equal(*tables) == same


def test_its_card_shows_what_the_benchmark_scores_before_and_after(done: tuple[Path, str], model: Path):
    folder, output = done
    card = (folder / "new/README.md").read_text(encoding="utf-8")
    table = card.partition("## Before and after")[2]
    scores = json.loads((folder / "new/debias.json").read_text())
    for name, path in (("before", model), ("after", folder / "new")):
        encoder = load_encoder(path)
        shorten(encoder, 16)
        found = benchmark(folder, encoder, scores["texts"]["held_out"]).settings
        shown = re.search(rf"^\| {name} \| (.*) \|$", table, flags=re.MULTILINE)
        assert shown
        expected = [f"{found[s]['map']:.4f}" for s in ("monolingual", "cross_lingual", "multilingual")]
        assert shown[1].split(" | ") == [*expected, f"{found['multilingual']['rank_distance']:,.1f}"]
        assert shown[0] in output
        assert scores[name]["settings"]["multilingual"]["map"] == pytest.approx(found["multilingual"]["map"])
    assert "12 steps of 4 pairs" in card
    assert "of 15 documents were held out" in card
    assert [f"| {lang} | " in card for lang in ("de", "en", "zh")] == [True] * 3
    assert "language: [de, en, zh]" in card


def test_a_calibration_decides_on_the_steps(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "steps_within", lambda left, speed, pairs, size, minutes: 11)
    texts = write(tmp_path / "texts.jsonl", rows())
    command = [str(model), str(texts), "--out", str(tmp_path / "new"), "--batch-size", "4", "--minutes", "3"]
    output = CliRunner().invoke(debias, command, catch_exceptions=False).output
    assert re.search(r"\d s a step on this machine: 11 steps of 4 pairs take about", output)
    assert json.loads((tmp_path / "new/debias.json").read_text())["training"]["steps"] == 11


def test_a_stopped_run_goes_on_and_gives_the_same_weights(
    done: tuple[Path, str], tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
):
    """Stopped twice: in the training, and after it."""
    from hbir.training.run import train as real

    def stopped(job, observer):
        from hbir.training.loop import Loop

        monkeypatch.setattr(Loop, "_stop_if_asked", stop(Loop._stop_if_asked))
        return real(job, observer)

    def stop(check):
        def asked(self, interrupt):
            interrupt.requested = self.step == 7
            check(self, interrupt)

        return asked

    with monkeypatch.context() as patch:
        patch.setattr(module, "train", stopped)
        stopped_run = run(tmp_path, model)
        assert (stopped_run.exit_code, "The same command goes on" in stopped_run.output) == (1, True)
    monkeypatch.undo()
    assert not (tmp_path / "new").exists()
    with monkeypatch.context() as patch:
        patch.setattr(module, "compared", raising(KeyboardInterrupt))
        assert run(tmp_path, model).exit_code == 1
        patch.setattr(module, "train", raising(AssertionError))
        assert run(tmp_path, model).exit_code == 1  # what is trained is not trained again
        with pytest.raises(AssertionError):  # another number of steps is another training
            run(tmp_path, model, "--steps", "11")
    assert run(tmp_path, model).exit_code == 0
    weights = [(folder / "new/model.safetensors").read_bytes() for folder in (done[0], tmp_path)]
    assert weights[0] == weights[1]
    assert {path.name for path in tmp_path.iterdir()} == {"texts.jsonl", "new"}


def raising(error: type[BaseException]):
    def raise_it(*_: object) -> None:
        raise error

    return raise_it


def test_an_output_that_is_there_stays_unless_forced(tmp_path: Path, model: Path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/mine.txt").touch()
    with pytest.raises(ParamsError, match="--force"):
        run(tmp_path, model)
    with pytest.raises(DataError, match="two languages"):
        run(tmp_path, model, "--force", "--lang", "en")
    assert (tmp_path / "new/mine.txt").exists()
    run(tmp_path, model, "--force")
    assert not (tmp_path / "new/mine.txt").exists()
    assert (tmp_path / "new/modules.json").exists()


def test_limits_that_are_lower_stay_and_all_come_back(model: Path):
    encoder = SentenceTransformer(str(model))
    own = shorten(encoder, 20)
    assert (encoder[0].max_seq_length, encoder[0].query_length) == (20, 20)
    again = shorten(encoder, 30)
    assert encoder[0].max_seq_length == 20
    restore(encoder, again)
    restore(encoder, own)
    assert (encoder[0].max_seq_length, encoder[0].query_length, encoder[0].document_length) == (40, 40, 40)
