"""Compare planning with the samplers of sentence-transformers."""

import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from hbir.batching.build import draft_plan
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import write_plan
from perf.compare import Comparison, Goal
from perf.paper_corpus import SOURCES, paper_inventory

SIZE = 100
STEPS = 50_000
PEER_STEPS = 300
SHARE = 0.05
"""Of the paper's pairs: 2.2 million of 44, so that making them up takes a second."""
PEER_ROWS = 10_000
"""Of each source, at most: the peer's time for a row does not depend on it."""


def comparisons() -> list[Comparison]:
    """Compare the rows that are planned in a second.

    Returns:
        With texts compared as they are, which is the peer's usual way, and by hashes made before.
    """
    name = "planning hybrid batches of 100, 10 sources, 9 languages"
    ours = f"ours: {STEPS:,} steps, written to a file; the peer: {PEER_STEPS} steps in one language, in memory"
    return [
        Comparison(
            name=name,
            peer="ProportionalBatchSampler + NO_DUPLICATES",
            unit="rows/s",
            goal=Goal.at_least(20),
            measure_ours=_ours,
            measure_peer=lambda: _peer(hashed=False),
            note=ours,
            expected_s=40,
        ),
        Comparison(
            name=f"{name}, the peer with hashed texts",
            peer="ProportionalBatchSampler + NO_DUPLICATES_HASHED",
            unit="rows/s",
            goal=None,
            measure_ours=_ours,
            measure_peer=lambda: _peer(hashed=True),
            note=f"{ours}; its hashing of texts, 12,000 to 20,000 rows/s, is not counted",
            expected_s=40,
        ),
    ]


def plan_run(steps: int) -> None:
    """Plan so many hybrid batches, and write them to a file.

    Args:
        steps: batches of 100.
    """
    params = BatchParams(
        languages="all", size=SIZE, steps=steps, size_exponent=0.5, hybrid=HybridParams(alpha=0.5)
    )
    with tempfile.TemporaryDirectory() as folder:
        write_plan(Path(folder) / "plan.parquet", draft_plan("hybrid", corpus(), params, 1, "f"))


@cache
def corpus() -> Inventory:
    """Make the pairs, once.

    Returns:
        Their inventory, in which a pair collides as often as in the whole.
    """
    return paper_inventory(SHARE)


def _ours() -> float:
    corpus()
    start = time.perf_counter()
    plan_run(STEPS)
    return STEPS * SIZE / (time.perf_counter() - start)


def _peer(hashed: bool) -> float:
    batches = _peer_batches(_peer_samplers(hashed))
    next(batches)  # shuffles the first source
    start = time.perf_counter()
    rows = sum(map(len, islice(batches, PEER_STEPS)))
    return rows / (time.perf_counter() - start)


def _peer_batches(samplers: list[Any]) -> Iterator[list[int]]:
    import torch
    from sentence_transformers.base.sampler import ProportionalBatchSampler
    from torch.utils.data import ConcatDataset

    together: ConcatDataset[Any] = ConcatDataset([sampler.dataset for sampler in samplers])
    return iter(ProportionalBatchSampler(together, samplers, generator=torch.Generator(), seed=1))


@cache
def _peer_samplers(hashed: bool) -> list[Any]:
    import torch
    from datasets import Dataset, disable_progress_bars
    from sentence_transformers.base.sampler import NoDuplicatesBatchSampler

    disable_progress_bars()
    samplers = [
        NoDuplicatesBatchSampler(
            Dataset.from_dict(_texts(number)),
            SIZE,
            drop_last=True,
            generator=torch.Generator(),
            seed=1,
            precompute_hashes=hashed,
            precompute_num_proc=1,
        )
        for number in range(len(SOURCES))
    ]
    for sampler in samplers:
        next(iter(sampler))  # hashes the texts
    return samplers


def _texts(number: int) -> dict[str, list[str]]:
    """Make up texts of usual lengths for a source, as many of them the same as in the whole."""
    source, rng = SOURCES[number], np.random.default_rng(number)
    count = min(source.pairs, PEER_ROWS)
    queries = rng.integers(source.queries, size=count)
    passages = rng.integers(source.passages, size=count)
    return {
        "query": [f"query {query} {'q' * 40}" for query in queries],
        "passage": [f"passage {passage} {'p' * 300}" for passage in passages],
    }
