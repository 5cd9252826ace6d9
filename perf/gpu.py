"""Train encoders of XLM-R's shapes on a GPU, ours and sentence-transformers' trainer in turn on the same card.

MFU, the share of the card's peak that does useful work, is pairs/s · FLOPs per pair / peak. `Shape.flops`
counts the operations of a text; texts are counted at their own length, without padding.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import click
import torch
from torch.profiler import ProfilerActivity, profile

from hbir.encoding.shapes import PEAKS
from perf import peer_trainer, workload
from perf.compare import Comparison, Goal, measure
from perf.machine import origin
from perf.shapes import SHAPES
from perf.workload import Workload

MFU_GOAL = 0.45
CACHED_BATCH, CACHED_CHUNK = 4096, 64
"""Pairs of a step with gradient caching, and pairs that the peer computes at one time."""
LONGEST = 25
"""Operations that a profile lists."""


@dataclass
class Side:
    """Measure one of both, and keep its largest memory."""

    train: Callable[[], float]
    """Returns pairs/s."""
    peaks: list[float] = field(default_factory=list)

    def measure(self) -> float:
        """Train once.

        Returns:
            Pairs/s.
        """
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        speed = self.train()
        if torch.cuda.is_available():
            self.peaks.append(torch.cuda.max_memory_allocated() / 1e9)
        return speed

    @property
    def memory(self) -> str:
        """Return the largest memory on the card."""
        return f"{max(self.peaks):.1f} GB" if self.peaks else "not measured"


def peak(card: str) -> float | None:
    """Look up what a card can do.

    Args:
        card: torch's name of it.

    Returns:
        Dense bfloat16 operations per second; None where it is not in PEAKS.
    """
    fits = (value for name, value in PEAKS.items() if re.search(rf"\b{name}\b", card))
    return next(fits, None)


def mfu(pairs_per_second: float, load: Workload, peak: float | None) -> str:
    """Relate a speed to the card's peak.

    Args:
        pairs_per_second: of the training.
        load: what was trained on.
        peak: of the card.

    Returns:
        Per cent, for a table.
    """
    return "unknown card" if peak is None else f"{pairs_per_second * load.flops_per_pair / peak:.0%}"


def report(name: str, load: Workload, cached: bool, repeats: int, peak: float | None) -> None:
    """Train ours and the peer in turn, and print both.

    Args:
        name: of the line.
        load: what is trained on.
        cached: whether both cache gradients.
        repeats: rounds.
        peak: of the card.
    """
    with tempfile.TemporaryDirectory() as temporary:
        tokens = CACHED_CHUNK * (load.query_tokens + load.passage_tokens)
        changes = {"gradient_caching": tokens} if cached else {}
        job = workload.prepare(load, Path(temporary), precision="bf16", **changes)
        chunk = CACHED_CHUNK if cached else None
        ours = Side(partial(workload.run, job))
        peer = Side(partial(peer_trainer.run, job, load, chunk))
        comparison = Comparison(
            name=name,
            peer=peer_trainer.name(chunk),
            unit="pairs/s",
            goal=Goal.at_least(1.6),
            measure_ours=ours.measure,
            measure_peer=peer.measure,
            repeats=repeats,
        )
        rounds = measure(comparison)
    for who, side, speeds in (("ours", ours, rounds.ours), (comparison.peer, peer, rounds.peer)):
        speed = median(speeds)
        click.echo(f"{name}: {who}: {speed:,.0f} pairs/s, MFU {mfu(speed, load, peak)}, memory {side.memory}")
    ratios = rounds.ratios
    click.echo(f"{name}: ratio {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def operations(load: Workload) -> str:
    """Find out what a step of ours spends its time on.

    Args:
        load: what is trained on.

    Returns:
        torch's table of the operations that took longest, on the GPU where there is one.
    """
    on_gpu = torch.cuda.is_available()
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with tempfile.TemporaryDirectory() as temporary:
        job = workload.prepare(load, Path(temporary), precision="bf16")
        with profile(activities=activities) as profiled:
            workload.run(job)
    key = "self_cuda_time_total" if on_gpu else "self_cpu_time_total"
    return str(profiled.key_averages().table(sort_by=key, row_limit=LONGEST, max_name_column_width=60))


@click.command()
@click.option("--device", type=click.Choice(["cuda", "cpu"]), default="cuda", show_default=True)
@click.option(
    "--shape", "shapes", type=click.Choice(list(SHAPES)), multiple=True, help="base and large if none."
)
@click.option("--batch", default=128, show_default=True, help="Pairs per step without gradient caching.")
@click.option("--cached-batch", default=CACHED_BATCH, show_default=True, help="Pairs with it; 0 leaves it out.")
@click.option("--steps", default=20, show_default=True)
@click.option("--query-tokens", default=32, show_default=True)
@click.option("--passage-tokens", default=128, show_default=True)
@click.option("--repeats", default=5, show_default=True)
@click.option("--profile", "profiles", is_flag=True, help="Also list the operations that take longest.")
def main(
    device: str,
    shapes: tuple[str, ...],
    batch: int,
    cached_batch: int,
    steps: int,
    query_tokens: int,
    passage_tokens: int,
    repeats: int,
    profiles: bool,
) -> None:
    """Print pairs/s, MFU and memory of ours and of sentence-transformers' trainer, in bfloat16.

    Weights are random and texts made up, so nothing is downloaded. It takes a few minutes per shape.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise click.ClickException("torch finds no GPU; --device cpu --shape tiny tries the script out.")
    if device == "cpu" and torch.cuda.is_available():
        raise click.ClickException("torch finds a GPU; hide it (CUDA_VISIBLE_DEVICES=) to use the CPU.")
    card = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    click.echo(f"{card}; {origin().machine}; {origin().versions}; commit {origin().commit}")
    for name in shapes or ("base", "large"):
        for size, cached in ((batch, False), (cached_batch, True)):
            if size:
                load = Workload(
                    shape=SHAPES[name],
                    batch=size,
                    steps=steps,
                    query_tokens=query_tokens,
                    passage_tokens=passage_tokens,
                    pairs=4 * size,
                )
                title = f"XLM-R {name}, {size:,} pairs{', gradient caching' if cached else ''}"
                report(title, load, cached, repeats, peak(card))
                if profiles and not cached:
                    click.echo(operations(load))


if __name__ == "__main__":
    main()
