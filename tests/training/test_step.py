"""One step: its loss, its gradient, its learning rate, and what is said where it cannot be computed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hbir.batching.plan import read_plan
from hbir.core.errors import TrainingError
from hbir.core.params import read_params
from hbir.training import loop, objective, step
from hbir.training.objective import info_nce, info_nce_of_several
from hbir.training.optimizer import learning_rate, make_optimizer
from hbir.training.params import TrainParams, train_params
from hbir.training.run import train
from hbir.training.texts import PairTexts
from hbir.training.validation import make_validation, validate
from tests.training.conftest import STEPS, Files, make_pairs, make_params
from tests.training.observers import Recorder, Silent
from tests.training.running import text_forward


def test_a_loss_that_is_no_number_names_step_and_pairs(
    files: Files, tmp_path: Path, main_repository, monkeypatch
):
    real = info_nce
    calls = iter(range(99))
    monkeypatch.setattr(objective, "info_nce", lambda *a: real(*a) * (float("nan") if next(calls) == 2 else 1))
    recorder = Recorder()
    with pytest.raises(
        TrainingError, match=r"step 3: expected a finite loss, found nan on the pairs \d+, \d+, \d+, \d+"
    ):
        train(files.job(tmp_path / "model"), recorder)
    assert recorder.events[-1] == ("finish", "FAILED")
    assert not (tmp_path / "model").exists()


def test_a_gradient_that_is_no_number_names_its_own_step(files: Files, tmp_path: Path, monkeypatch):
    calls = iter(range(99))

    def spoilt(queries: torch.Tensor, passages: torch.Tensor, temperature: float) -> torch.Tensor:
        loss = info_nce(queries, passages, temperature)
        if next(calls) == 2:
            queries.register_hook(lambda gradient: gradient * float("nan"))
        return loss

    monkeypatch.setattr(objective, "info_nce", spoilt)
    with pytest.raises(TrainingError, match="step 3: expected a finite gradient, found nan on the pairs"):
        train(files.job(tmp_path / "model"), Silent())


@pytest.mark.parametrize("clip", [1e-3, 1e9])
def test_no_gradient_is_longer_than_clip_when_the_optimizer_sees_it(
    files: Files, tmp_path: Path, monkeypatch, clip
):
    norms: list[float] = []

    def watched(*given: Any) -> torch.optim.Optimizer:
        optimizer = make_optimizer(*given)
        held = [weight for group in optimizer.param_groups for weight in group["params"]]

        def measure(*_: Any) -> None:
            gradients = [weight.grad for weight in held if weight.grad is not None]
            norms.append(float(torch.nn.utils.get_total_norm(gradients)))

        optimizer.register_step_pre_hook(measure)
        return optimizer

    monkeypatch.setattr(step, "make_optimizer", watched)
    train(files.job(tmp_path / "model", max_grad_norm=clip), Silent())
    assert len(norms) == STEPS
    if clip < 1:
        assert norms == pytest.approx([clip] * STEPS, rel=1e-2)
    else:
        assert min(norms) > 1e-2


def test_the_first_losses_are_golden(files: Files, tmp_path: Path):
    """A change of masks, prompts, seeds, padding or the optimizer moves them; other CPUs move last digits."""
    record = train(files.job(tmp_path / "model"), Silent())
    first = [point.loss for point in record.curve.train[:4]]
    assert first == pytest.approx(GOLDEN, rel=2e-3)


GOLDEN = [1.30614, 1.353547, 1.512503, 1.318415]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"warmup": 0.3}, [1 / 3, 2 / 3, 1, 1, 6 / 7, 5 / 7, 4 / 7, 3 / 7, 2 / 7, 1 / 7]),
        ({"warmup": 0.0}, [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        ({"warmup": 1.0}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ({"warmup": 0.2, "decay": "constant"}, [0.5, *[1] * 9]),
        ({"warmup": 0.6, "decay": "cosine"}, [*[k / 6 for k in range(1, 7)], 1, 0.853553, 0.5, 0.146447]),
    ],
)
def test_the_rate_rises_in_equal_parts_and_no_step_is_wasted(changes: dict[str, Any], expected: list[float]):
    """Step k of w steps of warm-up runs at k / w of the peak."""
    params = make_params(learning_rate=2.0, **changes)
    rates = [learning_rate(params, step, 10) for step in range(1, 11)]
    assert rates == pytest.approx([2 * share for share in expected], abs=1e-6)
    assert min(rates) > 0


def test_one_step_is_no_warm_up():
    assert learning_rate(make_params(learning_rate=2.0, warmup=0.1), 1, 1) == 2.0


def test_every_step_runs_at_its_rate(files: Files, tmp_path: Path, monkeypatch):
    rates: list[float] = []

    def watched(*given: Any) -> torch.optim.Optimizer:
        optimizer = make_optimizer(*given)
        optimizer.register_step_pre_hook(lambda *_: rates.append(optimizer.param_groups[0]["lr"]))
        return optimizer

    monkeypatch.setattr(step, "make_optimizer", watched)
    job = files.job(tmp_path / "model", warmup=0.5)
    recorder = Recorder()
    record = train(replace(job, log_every=1), recorder)
    expected = [learning_rate(job.params, step, STEPS) for step in range(1, STEPS + 1)]
    assert rates == expected == [rate for _, _, rate in recorder.points]
    assert [point.learning_rate for point in record.curve.train] == expected
    assert rates[0] == pytest.approx(0.01 / 6)


def overridden(sampler: str) -> TrainParams:
    params = read_params(Path(__file__).parents[2] / "params.yaml")
    params["overrides"] = {
        "xx": {"temperature": 0.11, "learning_rate": 0.011},
        "xy": {"temperature": 0.22},
        "english": {"learning_rate": 0.055},
    }
    return train_params(params, sampler)


@pytest.mark.parametrize(
    ("sampler", "temperature", "rate"),
    [("xx", 0.11, 0.011), ("xy", 0.22, 0.002), ("hybrid", 0.05, 0.002), ("english", 0.05, 0.055)],
)
def test_a_sampler_has_its_own_overrides_and_no_other_ones(sampler: str, temperature: float, rate: float):
    params = overridden(sampler)
    assert (params.temperature, params.learning_rate) == (temperature, rate)


@pytest.mark.parametrize("temperature", [0.05, 0.4])
def test_a_step_runs_at_the_temperature_of_its_sampler(
    files: Files, tmp_path: Path, monkeypatch, temperature: float
):
    used: list[float] = []

    def watched(queries: torch.Tensor, passages: torch.Tensor, temperature: float) -> torch.Tensor:
        used.append(temperature)
        return info_nce(queries, passages, temperature)

    monkeypatch.setattr(objective, "info_nce", watched)
    train(files.job(tmp_path / "model", temperature=temperature), Silent())
    assert used == [temperature] * STEPS


@pytest.mark.parametrize("tokens", [None, 16])
def test_passages_of_one_pair_belong_to_one_query_in_every_step(
    files: Files, tmp_path: Path, monkeypatch, tokens: int | None
):
    seen: list[tuple[int, torch.Tensor]] = []

    def watched(queries: torch.Tensor, passages: torch.Tensor, owners: torch.Tensor, *how: Any) -> torch.Tensor:
        seen.append((len(queries), owners))
        return info_nce_of_several(queries, passages, owners, *how)

    monkeypatch.setattr(objective, "info_nce_of_several", watched)
    monkeypatch.setattr(objective, "info_nce", None)
    job = files.job(tmp_path / "model", "all_languages", gradient_caching=tokens)
    train(job, Silent())
    batches = list(read_plan(job.plan).batches())
    assert len(seen) == len(batches) == STEPS
    for batch, (queries, owners) in zip(batches, seen, strict=True):
        pairs = torch.tensor(batch.pair_ids)
        assert torch.equal(owners[:, None] == owners, pairs[:, None] == pairs)
        assert queries == len(pairs.unique()) == 2


def test_validation_runs_at_its_own_temperature(files: Files, model):
    """At an infinite temperature every passage of a batch of b is as likely as another: the loss is ln b."""
    params = make_params(temperature=0.05).validation
    texts = PairTexts(make_pairs())
    cold, hot = (
        validate(
            text_forward(model, texts),
            make_validation(make_pairs(), texts, replace(params, temperature=value), 4, 1),
        )
        for value in (0.05, 1e6)
    )
    assert hot["monolingual"] == pytest.approx(1.386294, abs=1e-5)
    assert cold["monolingual"] != pytest.approx(hot["monolingual"], abs=1e-3)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
@pytest.mark.parametrize("place", ["info_nce", "validate"])
def test_too_little_memory_says_what_to_do(files: Files, tmp_path: Path, monkeypatch, error, place: str):
    def lacks(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(objective if place == "info_nce" else loop, place, lacks)
    number = {"info_nce": 1, "validate": 5}[place]
    with pytest.raises(TrainingError, match=rf"hybrid: step {number}: expected enough memory.*checkpointing"):
        train(files.job(tmp_path / "model"), Silent())


def test_a_layer_that_is_not_deterministic_is_named(files: Files, tmp_path: Path, monkeypatch):
    def refuses(*_: Any) -> None:
        raise RuntimeError("cumsum_cuda_kernel does not have a deterministic implementation, but you set ...")

    monkeypatch.setattr(objective, "info_nce", refuses)
    with pytest.raises(TrainingError, match="found cumsum_cuda_kernel does not .* Train on a CPU"):
        train(files.job(tmp_path / "model"), Silent())


def test_any_other_fault_of_torch_passes_through(files: Files, tmp_path: Path, monkeypatch):
    def fails(*_: Any) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(objective, "info_nce", fails)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(files.job(tmp_path / "model"), Silent())


def read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read losses as on a GPU."""
    monkeypatch.setattr(
        loop.Loop, "_must_read", lambda self: any(self._is_due(every) for every in self._intervals)
    )


def test_losses_that_are_read_late_give_the_same_record(files: Files, tmp_path: Path, monkeypatch):
    job = replace(files.job(tmp_path / "model"), log_every=5, checkpoint_every=7)
    at_once, late = Recorder(), Recorder()
    record = train(job, at_once)
    read_late(monkeypatch)
    assert train(job, late) == record
    assert [point[:2] for point in late.points] == [point[:2] for point in at_once.points]


def test_a_loss_that_is_read_late_names_its_own_step(files: Files, tmp_path: Path, monkeypatch):
    real = info_nce
    calls = iter(range(99))
    monkeypatch.setattr(objective, "info_nce", lambda *a: real(*a) * (float("nan") if next(calls) == 2 else 1))
    monkeypatch.setattr(loop, "curve_interval", lambda _: 99)
    read_late(monkeypatch)
    job = replace(files.job(tmp_path / "model"), log_every=99, checkpoint_every=4)
    with pytest.raises(TrainingError, match=r"step 3: expected a finite loss, found nan on the pairs \d+, \d+"):
        train(job, Silent())
    states = (tmp_path / "main/.hbir/checkpoints").rglob("state.pt")
    assert not list(states)
