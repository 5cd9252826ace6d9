"""Train on the pairs of a workload with sentence-transformers' own trainer, at its best settings."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    MultipleNegativesRankingLoss,
)
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from hbir.training.params import TrainParams
from hbir.training.run import Job
from perf.workload import WINDOW, Workload


@dataclass
class Clock(TrainerCallback):  # type: ignore[misc]
    """Note the time every few steps, when the device has done them."""

    times: list[float] = field(default_factory=list)

    def on_step_end(self, arguments: Any, state: Any, control: Any, **_: Any) -> None:
        """Note the time.

        Args:
            arguments: of the training.
            state: of the training.
            control: of the training.
            **_: more of it.
        """
        if state.global_step % WINDOW == 0:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.times.append(time.perf_counter())


def name(chunk: int | None) -> str:
    """Name the peer.

    Args:
        chunk: pairs at one time with gradient caching; None without.

    Returns:
        What a table calls it.
    """
    kind = CachedMultipleNegativesRankingLoss if chunk else MultipleNegativesRankingLoss
    return f"sentence-transformers' trainer with {kind.__name__}"


def run(job: Job, load: Workload, chunk: int | None) -> float:
    """Train from the start, with the fused AdamW and in bfloat16 where the training asks for it.

    Args:
        job: the training, whose encoder and rates count.
        load: the pairs.
        chunk: pairs at one time with gradient caching; None without.

    Returns:
        The speed in pairs/s after the first steps.
    """
    model = SentenceTransformer(str(job.initial))
    queries, passages = load.texts()
    clock = Clock()
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments(load.batch, load.steps, job.params.precision == "bf16", job.params),
        train_dataset=Dataset.from_dict({"anchor": queries, "positive": passages}),
        loss=loss(model, 1 / job.params.temperature, chunk),
        callbacks=[clock],
    )
    quiet(trainer)
    with torchs_choice():
        trainer.train()
    done = (len(clock.times) - 1) * WINDOW * load.batch
    return done / (clock.times[-1] - clock.times[0])


@contextmanager
def torchs_choice() -> Iterator[None]:
    """Let the peer take any algorithm, as it does by itself; ours takes those that give the same bytes again.

    Yields:
        Nothing; the setting is one of the process, so ours must not compute meanwhile.
    """
    ours = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(ours)


def loss(model: SentenceTransformer, scale: float, chunk: int | None) -> Any:
    """Make the peer's loss.

    Args:
        model: the encoder.
        scale: 1 / temperature.
        chunk: pairs at one time with gradient caching; None without.

    Returns:
        The loss of in-batch negatives.
    """
    if chunk:
        return CachedMultipleNegativesRankingLoss(model, scale=scale, mini_batch_size=chunk)
    return MultipleNegativesRankingLoss(model, scale=scale)


def arguments(batch: int, steps: int, bf16: bool, params: TrainParams) -> SentenceTransformerTrainingArguments:
    """Set the peer up at its best: the fused optimizer, and nothing that logs or saves.

    Args:
        batch: pairs in a step.
        steps: of the whole training.
        bf16: whether to compute in bfloat16.
        params: whose optimizer to use.

    Returns:
        The arguments.
    """
    return SentenceTransformerTrainingArguments(
        output_dir=tempfile.mkdtemp(),
        max_steps=steps,
        per_device_train_batch_size=batch,
        learning_rate=params.learning_rate,
        weight_decay=params.weight_decay,
        max_grad_norm=params.max_grad_norm,
        warmup_steps=0,
        optim="adamw_torch_fused",
        use_cpu=not torch.cuda.is_available(),
        bf16=bf16,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_drop_last=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def quiet(trainer: SentenceTransformerTrainer) -> None:
    """Keep the peer from printing.

    Args:
        trainer: of sentence-transformers.
    """
    for shown in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(shown)
