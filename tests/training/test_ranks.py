"""A training on several processes is that of one, and goes on with any number of them."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sentence_transformers import SentenceTransformer

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import write_plan
from hbir.core.errors import HbirError, PlanError, RanksError
from hbir.core.files import atomic_folder, write_table
from hbir.core.hashing import file_digest, folder_digest
from hbir.core.training_record import TrainingRecord
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.joined import joined
from hbir.encoding.model import load_encoder, prepare_torch, save_encoder
from hbir.encoding.ranks import ALONE
from hbir.training import checkpoint
from hbir.training.caching import cached_backward
from hbir.training.forward import Forward
from hbir.training.loop import Loop
from hbir.training.lora import add_lora
from hbir.training.objective import backward
from hbir.training.run import Job, train
from hbir.training.sharded import sharded_backward
from tests.several import Ended, run_all, values
from tests.training.conftest import ENCODER, LORA, Files, make_pairs, make_params, routed
from tests.training.observers import Recorder, Silent
from tests.training.running import packed_forward, pair_texts, text_forward

STEPS = 50
SIZE = 7
"""Pairs in a batch: no number of processes but one divides it."""
SLOW = pytest.mark.slow


@dataclass(frozen=True)
class Toy:
    """A training without dropout, whose result depends on the number of processes in last digits alone."""

    folder: Path

    def job(self, output: Path, size: int = SIZE, **changes: Any) -> Job:
        params = make_params(**{"precision": "fp32", "learning_rate": 0.0003, **changes})
        job = Files(self.folder).job(output, f"hybrid-{size}")
        return replace(job, sampler="hybrid", params=params, home=output.parent / f"home-{output.name}")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    folder = tmp_path_factory.mktemp("ranks")
    prepare_torch(1)
    pairs = make_pairs()
    write_table(folder / "pairs.parquet", pairs)
    for size in (3, SIZE):
        batches = BatchParams(
            languages="all", size=size, steps=STEPS, size_exponent=0.5, hybrid=HybridParams(alpha=0.5)
        )
        plan = make_plan("hybrid", Inventory.of(pairs), batches, 1, file_digest(folder / "pairs.parquet"))
        write_plan(folder / f"hybrid-{size}.parquet", plan)
    encoder = replace(ENCODER, tiny=replace(ENCODER.tiny, dropout=0.0))
    with atomic_folder(folder / "initial") as initial:
        save_encoder(initial_encoder(encoder, pairs["passage"].to_pylist(), 1), initial)
    return Toy(folder)


def trained(job: Job) -> tuple[TrainingRecord, list[tuple[Any, ...]]]:
    recorder = Recorder()
    return train(job, recorder), recorder.events


def losses(record: TrainingRecord) -> list[float]:
    curve = record.curve
    return [*(point.loss for point in curve.train), *(point.loss for point in curve.validation)]


def mean_average_precision(folder: Path, pairs: pa.Table) -> float:
    """Rank all passages for each query; one is relevant."""
    model = load_encoder(folder, device="cpu")
    queries = embed(model, pairs["query"].to_pylist(), "query", 64)
    scores = queries @ embed(model, pairs["passage"].to_pylist(), "document", 64).T
    return float(np.mean(1 / (scores >= np.diag(scores)[:, None]).sum(axis=1)))


@pytest.mark.parametrize(
    ("ranks", "size", "caching"),
    [(2, SIZE, None), (4, SIZE, 16), (4, 3, None)],
    ids=["two, uneven", "four, gradient caching", "more processes than pairs"],
)
@pytest.mark.compares
def test_several_processes_train_what_one_trains(toy: Toy, tmp_path: Path, ranks, size, caching):
    alone, _ = trained(toy.job(tmp_path / "alone", size, gradient_caching=caching))
    found = values(ranks, trained, toy.job(tmp_path / "together", size, gradient_caching=caching))
    for record, events in found:
        assert losses(record) == pytest.approx(losses(alone), abs=1e-5)
        assert record == found[0][0]
        assert bool(events) == (events is found[0][1])  # the first one alone tells anybody
    assert found[0][0].fingerprint == alone.fingerprint
    pairs = make_pairs()
    maps = [mean_average_precision(tmp_path / name, pairs) for name in ("alone", "together")]
    assert maps[0] == pytest.approx(maps[1], abs=1e-3)
    assert 0.1 < maps[0] < 1.0
    assert not list((tmp_path / "home-together/checkpoints").glob("hybrid-*/*"))


def stopped(job: Job, step: int, number: int, one: int) -> Any:
    """Train until one of the processes gets a signal."""
    real = Loop._do_step

    def does(self: Loop) -> None:
        if self.step == step and self.ranks.place.rank == one:
            os.kill(os.getpid(), number)
        real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "_do_step", does)
        return trained(job)


@pytest.mark.parametrize("after", [1, 4])
@pytest.mark.compares
def test_a_state_of_two_processes_goes_on_with_another_number(toy: Toy, tmp_path: Path, after: int):
    alone, _ = trained(toy.job(tmp_path / "alone"))
    job = toy.job(tmp_path / "parts")
    assert [ended.code for ended in run_all(2, stopped, job, 22, signal.SIGTERM, 1)] == [1, 1]
    for record, events in values(after, trained, job):
        assert losses(record) == pytest.approx(losses(alone), abs=1e-5)
        told = [event[1] for event in events if event[0] == "train"]
        assert told in ([], [*range(24, STEPS + 1, 3), STEPS])


@pytest.mark.compares
def test_with_dropout_as_many_processes_give_the_same_bytes(files: Files, tmp_path: Path):
    def job(name: str) -> Job:
        return replace(files.job(tmp_path / name), home=tmp_path / f"home-{name}")

    values(2, trained, job("whole"))
    run_all(2, stopped, job("parts"), 7, signal.SIGINT, 0)
    assert not (tmp_path / "parts").exists()
    values(2, trained, job("parts"))
    assert folder_digest(tmp_path / "parts") == folder_digest(tmp_path / "whole")


def told(ended: list[Ended]) -> list[HbirError]:
    """Return what is said to the user; all the others end without a word."""
    assert all(each.code == 1 for each in ended), ended
    said = [each.value for each in ended if isinstance(each.value, HbirError)]
    assert all(isinstance(each.value, HbirError | SystemExit) for each in ended), ended
    return said


def with_changes(job: Job, changes: Mapping[str, Any]) -> Any:
    """Train, one of the ranks on something else."""
    return trained(replace(job, **changes) if os.environ["RANK"] == "1" else job)


@pytest.mark.parametrize(
    "part",
    ["seed", *(pytest.param(name, marks=SLOW) for name in ("params", "plan", "tracking.checkpoint_every"))],
)
def test_ranks_that_work_with_something_else_are_refused(toy: Toy, files: Files, tmp_path: Path, part: str):
    job = toy.job(tmp_path / "model")
    changes: dict[str, dict[str, Any]] = {
        "seed": {"seed": 2},
        "params": {"params": replace(job.params, temperature=0.1)},
        "plan": {"plan": toy.folder / "hybrid-3.parquet"},
        "tracking.checkpoint_every": {"checkpoint_every": 5},
    }
    [error] = told(run_all(3, with_changes, job, changes[part]))
    assert str(error).startswith(
        f"train hybrid: rank 1 of 3: expected what rank 0 works with, found another value of {part}. "
    )
    assert not (tmp_path / "model").exists()


def test_what_one_rank_cannot_do_is_told_by_the_first(toy: Toy, files: Files, tmp_path: Path):
    job = toy.job(tmp_path / "model")
    ended = run_all(3, with_changes, job, {"plan": tmp_path / "none.parquet"})
    [error] = told(ended)
    assert "none.parquet" in str(error)
    if error is not ended[1].value:  # on a busy machine it may take the first one for gone
        assert isinstance(error, RanksError)
        assert str(error).startswith("rank 1 of 3: ")


def test_what_no_rank_can_do_is_told_once(toy: Toy, tmp_path: Path):
    job = replace(toy.job(tmp_path / "model"), pairs=tmp_path / "pairs.parquet")
    write_table(tmp_path / "pairs.parquet", make_pairs(25))
    ended = run_all(3, trained, job)
    [error] = told(ended)
    assert isinstance(error, PlanError)
    assert error is ended[0].value


def test_a_rank_that_dies_ends_the_others_and_the_state_goes_on(toy: Toy, tmp_path: Path):
    job = toy.job(tmp_path / "model")
    ended = run_all(3, stopped, job, 22, signal.SIGKILL, 1)
    assert [each.code for each in ended] == [1, -signal.SIGKILL, 1]
    error = ended[0].value
    assert isinstance(error, RanksError)
    assert str(error).startswith("train hybrid: expected 3 processes until the end, found rank 1 gone. ")
    assert isinstance(ended[2].value, SystemExit)
    _, events = trained(job)
    assert next(event[1] for event in events if event[0] == "train") == 21  # the state is of step 20


def test_the_first_rank_may_die_too(toy: Toy, tmp_path: Path):
    ended = run_all(3, stopped, toy.job(tmp_path / "model"), 9, signal.SIGKILL, 0)
    assert [each.code for each in ended] == [-signal.SIGKILL, 1, 1]
    for each in ended[1:]:  # the table of who is there is gone as well, unless a launcher holds it
        assert "rank 0 gone" in str(each.value)


def drifting(job: Job) -> Any:
    real = Loop._do_step

    def does(self: Loop) -> None:
        real(self)
        if self.step == 3 and self.ranks.place.rank == 1:
            next(self.model.parameters()).data.mul_(1.001)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "_do_step", does)
        return trained(job)


def test_weights_that_drift_apart_are_noticed_before_they_are_kept(toy: Toy, tmp_path: Path):
    [error] = told(run_all(2, drifting, toy.job(tmp_path / "model")))
    assert "step 4: rank 1 of 2: expected what rank 0 works with" in str(error)
    assert "found another value of the weights" in str(error)


def test_no_more_than_the_first_process_writes(toy: Toy, tmp_path: Path):
    values(3, writing, toy.job(tmp_path / "model"))


def writing(job: Job) -> None:
    """Train where every other process would fail if it saved anything but ids of tokens.

    Those are written by whoever holds their lock first.
    """
    save = np.save

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("it writes")

    def save_ids(path: Path, *arguments: Any) -> None:
        assert path.name.endswith(".used.npy")
        save(path, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        if os.environ["RANK"] != "0":
            patch.setattr(checkpoint, "atomic_file", refuse)
            patch.setattr(checkpoint, "atomic_folder", refuse)
            patch.setattr("hbir.training.run.atomic_folder", refuse)
            patch.setattr(np, "save", save_ids)
        train(job, Silent())


QUERIES = [f"{'aa which ' * (n % 5)}number is {n}" for n in range(12)]
PASSAGES = [f"{'bb the number ' * (n % 7)}comes of {n}" for n in range(12)]
Make = Callable[[Path, Path], Forward]


def _model(folder: Path) -> SentenceTransformer:
    return load_encoder(folder / "initial", device="cpu").train()


def packed(folder: Path, own: Path) -> Forward:
    return packed_forward(_model(folder), pair_texts(QUERIES, PASSAGES), own)


def of_texts(folder: Path, own: Path) -> Forward:
    return text_forward(_model(folder), pair_texts(QUERIES, PASSAGES))


def behind_a_router(folder: Path, own: Path) -> Forward:
    return text_forward(routed(Files(folder)).train(), pair_texts(QUERIES, PASSAGES))


def with_lora(folder: Path, own: Path) -> Forward:
    model = _model(folder)
    add_lora(model, replace(LORA, dropout=0.0), 1)
    return text_forward(model, pair_texts(QUERIES, PASSAGES))


def in_bfloat16(folder: Path, own: Path) -> Forward:
    return replace(of_texts(folder, own), bf16=True)


MAKES: list[Make] = [packed, of_texts, behind_a_router, with_lora]
BATCHES: list[list[tuple[int, int]]] = [
    [(n, n) for n in (7, 1, 4, 9, 0, 2, 11)],
    [(3, 3), (3, 5), (8, 8), (3, 1), (8, 2), (6, 6), (0, 0)],  # several passages of one query
    [(5, 5), (10, 10)],  # fewer pairs than ranks
]


def gradients(folder: Path, own: Path) -> list[dict[str, torch.Tensor | None]]:
    """Return loss and gradients of every case, with and without gradient caching."""
    prepare_torch(1)
    found = []
    with joined("gradients") as ranks:
        for make in MAKES:
            forward = make(folder, own / str(ranks.place.rank) / make.__name__)
            for batch in BATCHES:
                rows = dict(zip(("query", "document"), np.array(batch).T, strict=True))
                for caches in (False, True):
                    forward.model.zero_grad()
                    if ranks is ALONE:
                        loss = (cached_backward if caches else backward)(forward, rows, 0.05)  # type: ignore[arg-type]
                    else:
                        loss = sharded_backward(forward, rows, 0.05, ranks, caches)  # type: ignore[arg-type]
                    named = forward.model.named_parameters()
                    found.append({"loss": loss, **{name: weight.grad for name, weight in named}})
    return found


@pytest.mark.parametrize("ranks", [3, pytest.param(2, marks=SLOW)])
@pytest.mark.compares
def test_the_gradient_of_every_weight_is_that_of_one_process(toy: Toy, tmp_path: Path, ranks: int):
    expected = gradients(toy.folder, tmp_path / "alone")
    for found in values(ranks, gradients, toy.folder, tmp_path / "together"):
        assert len(found) == len(expected) == len(MAKES) * len(BATCHES) * 2
        for one, other in zip(found, expected, strict=True):
            assert one.keys() == other.keys()
            size = torch.stack([gradient.norm() for gradient in other.values() if gradient is not None]).norm()
            for name, gradient in other.items():
                mine = one[name]
                assert (mine is None) == (gradient is None), name
                if mine is not None and gradient is not None:
                    assert (mine - gradient).abs().max() <= 1e-6 * size, name
