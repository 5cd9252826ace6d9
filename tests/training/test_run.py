"""Training end to end in miniature: what is saved, what it does, what stops it."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from hbir.core.errors import DataError, ModelError, PlanError
from hbir.core.files import write_table
from hbir.core.hashing import folder_digest
from hbir.core.training_record import read_training
from hbir.encoding import model as encoding
from hbir.encoding.embed import embed
from hbir.encoding.prompts import Side
from hbir.training import loop, precision
from hbir.training.precision import uses_bf16
from hbir.training.run import train
from tests.training.conftest import STEPS, Files, make_pairs, make_params
from tests.training.observers import Recorder, Silent


def checkpoints(root: Path) -> list[Path]:
    return [path for path in (root / ".hbir/checkpoints").glob("*") if path.is_dir()]


def test_training_lowers_the_loss_and_tells_its_story(files: Files, tmp_path: Path, main_repository: Path):
    recorder = Recorder()
    record = train(files.job(tmp_path / "model"), recorder)
    curve = record.curve
    assert [point.step for point in curve.train] == list(range(1, 13))
    assert [point.step for point in curve.validation] == [5, 10, 12]
    losses = [point.loss for point in curve.train]
    assert sum(losses[-4:]) < sum(losses[:4])
    assert record.best == min(curve.validation, key=lambda point: point.loss)
    assert record.final == curve.validation[-1]
    assert record.best.cross_lingual is not None
    assert record.best.loss == pytest.approx(
        (record.best.monolingual + record.best.cross_lingual) / 2, abs=2e-6
    )
    assert sum(row.count for row in record.composition) == STEPS * 4
    assert read_training(tmp_path / "model/training.json") == record
    assert recorder.events[0] == ("start", "hybrid", STEPS)
    assert recorder.events[-1] == ("finish", "FINISHED")
    assert [event for event in recorder.events if event[0] == "validation"] == [
        ("validation", s) for s in (5, 10, 12)
    ]
    assert checkpoints(main_repository) == []
    speed = json.loads((main_repository / f".hbir/records/{record.fingerprint}.json").read_text())
    assert [point["step"] for point in speed["pairs_per_second"]] == list(range(1, 13))


def test_two_trainings_give_the_same_bytes(files: Files, tmp_path: Path):
    for name in ("one", "two"):
        train(files.job(tmp_path / name), Silent())
    assert folder_digest(tmp_path / "one") == folder_digest(tmp_path / "two")


def test_a_plain_sentence_transformer_gives_the_scored_embeddings(files: Files, tmp_path: Path):
    train(files.job(tmp_path / "model"), Silent())
    model = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    text = "bb which number is 3 times 3"
    scored = encoding.load_encoder(tmp_path / "model")
    sides: list[tuple[Any, str, Side]] = [
        (model.encode_query, "Query: ", "query"),
        (model.encode_document, "Passage: ", "document"),
    ]
    for method, prompt, side in sides:
        assert np.array_equal(method(text), model.encode(prompt + text))
        assert not np.array_equal(method(text), model.encode(text))
        assert np.array_equal(method([text]), embed(scored, [text], side, 8))


def test_the_saved_model_is_the_best_and_final_the_last(files: Files, tmp_path: Path, monkeypatch):
    losses = iter([0.5, 0.1, 0.9])
    monkeypatch.setattr(
        loop,
        "validate",
        lambda *_, **__: {"loss": (value := next(losses)), "monolingual": value, "cross_lingual": value},
    )
    record = train(files.job(tmp_path / "model"), Silent())
    assert (record.best.step, record.final.step) == (10, 12)
    best, final = (
        embed(encoding.load_encoder(path), ["aa"], "query", 1)
        for path in (tmp_path / "model", tmp_path / "model/final")
    )
    assert not np.array_equal(best, final)
    losses = iter([0.5, 0.9, 0.1])
    record = train(files.job(tmp_path / "again"), Silent())
    assert record.best.step == record.final.step == 12
    assert not (tmp_path / "again/final").exists()
    last = embed(encoding.load_encoder(tmp_path / "again"), ["aa"], "query", 1)
    assert np.array_equal(final, last)


def test_a_full_disk_while_saving_leaves_no_half_model(
    files: Files, tmp_path: Path, main_repository, monkeypatch
):
    real = SentenceTransformer.save_pretrained

    def full(self: SentenceTransformer, path: str, **options: Any) -> None:
        real(self, path, **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SentenceTransformer, "save_pretrained", full)
    with pytest.raises(DataError, match="expected room on the disk, found no space left"):
        train(files.job(tmp_path / "model"), Silent())
    assert not (tmp_path / "model").exists()
    assert not [path for path in main_repository.rglob("*") if path.suffix == ".safetensors"]


def test_a_plan_of_other_pairs_is_refused(files: Files, tmp_path: Path):
    write_table(tmp_path / "pairs.parquet", make_pairs(25))
    job = replace(files.job(tmp_path / "model"), pairs=tmp_path / "pairs.parquet")
    with pytest.raises(PlanError, match="fingerprint"):
        train(job, Silent())


def test_an_encoder_without_weights_is_refused(files: Files, tmp_path: Path):
    import shutil

    shutil.copytree(files.folder / "initial", tmp_path / "initial")
    (tmp_path / "initial/model.safetensors").unlink()
    job = replace(files.job(tmp_path / "model"), initial=tmp_path / "initial")
    with pytest.raises(ModelError, match=r"initial: expected weights .* in safetensors, found none"):
        train(job, Silent())


@pytest.mark.parametrize(
    ("instructions", "width", "chosen"), [("", 384, False), ("avx512_bf16", 384, True), ("amx", 64, False)]
)
def test_bf16_is_chosen_on_a_cpu_that_has_it_for_wide_encoders(monkeypatch, instructions, width, chosen):
    monkeypatch.setattr(precision, "has_fast_bf16", lambda: instructions)
    model = torch.nn.Linear(width, width)
    assert uses_bf16(make_params(), model) == chosen
    assert uses_bf16(make_params(precision="bf16"), model)
    assert not uses_bf16(make_params(precision="fp32"), model)


def test_the_points_of_the_observer_and_of_the_file_are_two_things(files: Files, tmp_path: Path):
    recorder = Recorder()
    record = train(files.job(tmp_path / "model"), recorder)
    losses = [point.loss for point in record.curve.train]
    assert [step for step, _, _ in recorder.points] == [3, 6, 9, 12]
    assert [loss for _, loss, _ in recorder.points] == pytest.approx(
        [sum(losses[at : at + 3]) / 3 for at in (0, 3, 6, 9)], abs=1e-6
    )


def test_a_place_that_cannot_be_written_is_known_before_the_work(files: Files, tmp_path: Path):
    (tmp_path / "models").touch()
    recorder = Recorder()
    with pytest.raises(DataError, match="models"):
        train(files.job(tmp_path / "models/xx"), recorder)
    assert recorder.events == []


def test_missing_validation_pairs_are_known_before_the_encoder_is_loaded(files: Files, tmp_path: Path):
    validation = replace(make_params().validation, monolingual=["zz"])
    job = replace(files.job(tmp_path / "model", validation=validation), initial=tmp_path / "none")
    with pytest.raises(DataError, match="at least two validation pairs in zz"):
        train(job, Silent())


def test_a_states_folder_that_cannot_be_written_is_one_line(
    files: Files, tmp_path: Path, main_repository: Path, caplog
):
    (main_repository / ".hbir").touch()
    with pytest.raises(DataError, match=r"\.hbir.*: expected a free place"):
        train(files.job(tmp_path / "model"), Silent())
    assert "no log is written" in caplog.text


def test_a_speed_that_cannot_be_kept_costs_no_model(
    files: Files, tmp_path: Path, main_repository: Path, caplog
):
    (main_repository / ".hbir").mkdir()
    (main_repository / ".hbir/records").touch()
    train(files.job(tmp_path / "model"), Silent())
    assert (tmp_path / "model/training.json").is_file()
    assert "records" in caplog.text


def test_a_full_disk_while_copying_is_one_line(files: Files, tmp_path: Path, monkeypatch):
    def full(*_: Any, **__: Any) -> None:
        raise shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(DataError, match="model: expected room on the disk"):
        train(files.job(tmp_path / "model"), Silent())
