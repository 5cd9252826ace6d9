"""Compare training steps with those of sentence-transformers' trainer: the same pairs, loss and optimizer."""

import time
from functools import cache, partial

import torch

from hbir.encoding.precision import has_fast_bf16
from perf import training_data
from perf.child import peak_memory
from perf.compare import Comparison, Goal
from perf.steps import BATCH, Ours, Peer

TRAINER = "sentence-transformers' trainer"
CACHED_BATCH, CACHED_TOKENS = 1024, 4096
STEPS = {"tiny": 8, "real": 1}
"""Steps of one measurement."""
ROUNDS = {"tiny": 15, "real": 5}
"""The steps of the small encoder are short, and vary more."""


ours, peer = cache(Ours), cache(Peer)


def ours_memory(kind: str, precision: str, batch: int, caching: int | None) -> None:
    """Do two steps, in a process of its own.

    Args:
        kind: of encoder and pairs.
        precision: as in `train.precision`.
        batch: pairs in a step.
        caching: as in `train.gradient_caching`.
    """
    Ours(kind, precision, batch, caching).run(2)


def peer_memory(kind: str, bf16: bool) -> None:
    """Do two steps, in a process of its own.

    Args:
        kind: of encoder and pairs.
        bf16: whether to compute in bfloat16.
    """
    Peer(kind, bf16).run(1)


def product_speed() -> float:
    """Measure how fast this machine multiplies matrices of an encoder's shape in float32, at best.

    Returns:
        GFLOP/s.
    """
    left, right = torch.randn(4096, 384), torch.randn(384, 1536)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return 2 * 4096 * 384 * 1536 / min(times) / 1e9


def comparisons() -> list[Comparison]:
    """List the comparisons of training.

    Returns:
        Speed with either encoder and in either precision, memory, and gradient caching.
    """
    real = "multilingual-e5-small, documents"
    note = training_data.note()
    no_bf16 = "" if has_fast_bf16() else "this CPU has no instructions for bfloat16"
    amx = has_fast_bf16() == "amx"
    return [
        # First: beside the encoders that the others hold it would not fit into memory.
        Comparison(
            name=f"training, {real}, defaults of both: memory",
            peer=TRAINER,
            unit="MB",
            goal=Goal.at_most(0.5),
            measure_ours=partial(peak_memory, ours_memory, "real", "auto", BATCH, None),
            measure_peer=partial(peak_memory, peer_memory, "real", False),
            repeats=1,
            note=note,
            expected_s=120,
        ),
        _speed("training, tiny encoder, float32", "tiny", "fp32", False, 1.6, "", ""),
        _speed(f"training, {real}, float32", "real", "fp32", False, 1.6, note, ""),
        _speed(f"training, {real}, bfloat16", "real", "bf16", True, 1.6, note, no_bf16),
        _speed(f"training, {real}, defaults of both", "real", "auto", False, 3.0 if amx else None, note, ""),
        Comparison(
            name="training, 6 layers of 384, float32: useful work",
            peer="the best of 20 bare products",
            unit="GFLOP/s",
            goal=Goal.at_least(0.55),
            measure_ours=lambda: ours("six layers", "fp32").work(),
            measure_peer=product_speed,
            warm_up=True,
            higher_is_better=True,
            expected_s=40,
        ),
        *_cached(),
    ]


def _cached() -> list[Comparison]:
    """List the comparisons of gradient caching."""
    cached = f"batch {CACHED_BATCH:,}, gradient caching"
    return [
        Comparison(
            name=f"training, tiny encoder, {cached}: time of a pair",
            peer="the same step without it",
            unit="ms",
            goal=Goal.at_most(1.35),
            measure_ours=lambda: 1000 / ours("tiny", "fp32", CACHED_BATCH, CACHED_TOKENS).run(1),
            measure_peer=lambda: 1000 / ours("tiny", "fp32", CACHED_BATCH, None).run(1),
            repeats=ROUNDS["tiny"],
            warm_up=True,
            expected_s=50,
        ),
        Comparison(
            name=f"training, tiny encoder, {cached}",
            peer="CachedMultipleNegativesRankingLoss",
            unit="pairs/s",
            goal=Goal.at_least(1.0),
            measure_ours=lambda: ours("tiny", "fp32", CACHED_BATCH, CACHED_TOKENS).run(1),
            measure_peer=lambda: peer("tiny", False, CACHED_BATCH, BATCH).run(1),
            repeats=ROUNDS["tiny"],
            warm_up=True,
            expected_s=90,
        ),
        Comparison(
            name="training, tiny encoder, batch 4,096 with gradient caching: memory",
            peer="batch 64 without it",
            unit="MB",
            goal=Goal.at_most(1.05),
            measure_ours=partial(peak_memory, ours_memory, "tiny", "fp32", 4096, CACHED_TOKENS // 4),
            measure_peer=partial(peak_memory, ours_memory, "tiny", "fp32", BATCH, None),
            repeats=1,
            expected_s=60,
        ),
    ]


def _speed(
    name: str, kind: str, precision: str, peer_bf16: bool, goal: float | None, note: str, skip: str
) -> Comparison:
    return Comparison(
        name=name,
        peer=TRAINER,
        unit="pairs/s",
        goal=None if goal is None else Goal.at_least(goal),
        measure_ours=lambda: ours(kind, precision).run(STEPS[kind]),
        measure_peer=lambda: peer(kind, peer_bf16).run(STEPS[kind]),
        repeats=ROUNDS[kind],
        warm_up=True,
        note=note,
        skip=skip,
        expected_s=30 if kind == "tiny" else 160,
    )
