"""Plan at the paper's size, and say what it takes: `python -m perf.plans [--share 0.1] [--sampler xy]`."""

import tempfile
import time
from pathlib import Path

import click

from hbir.batching.build import draft_plan
from hbir.batching.params import BatchParams, HybridParams
from hbir.batching.plan import Plan, read_plan, write_plan
from hbir.batching.summary import language_composition
from hbir.core.hashing import file_digest
from hbir.core.samplers import SAMPLERS
from perf.paper_corpus import paper_inventory

SIZE = 100


@click.command()
@click.option("--share", type=float, default=1.0, help="Of the paper's 44 million pairs.")
@click.option("--steps", type=int, default=1_000_000)
@click.option("--sampler", type=click.Choice(list(SAMPLERS)), default="hybrid")
def main(share: float, steps: int, sampler: str) -> None:
    """Plan, then read the plan as a training does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{sampler}.parquet"
        _plan(file, sampler, share, steps)
        click.echo(f"{file.stat().st_size / 1e6:.0f} MB on the disk, SHA-256 {file_digest(file)[:16]}")
        _read(read_plan(file))


def _plan(file: Path, sampler: str, share: float, steps: int) -> None:
    inventory = paper_inventory(share)
    params = BatchParams(
        languages="all", size=SIZE, steps=steps, size_exponent=0.5, hybrid=HybridParams(alpha=0.5)
    )
    before, start, cpu = _forget_peak(), time.perf_counter(), time.process_time()
    draft = draft_plan(sampler, inventory, params, 1, "f")
    click.echo(f"set up for {len(inventory.pair_ids):,} pairs: {time.perf_counter() - start:.1f} s")
    write_plan(file, draft)
    taken = time.perf_counter() - start
    busy = time.process_time() - cpu
    click.echo(f"planned and written: {taken:.1f} s, {steps * SIZE / taken:,.0f} rows/s; {busy:.1f} s of CPU")
    click.echo(f"largest memory beside the inventory's {before:,.0f} MB: {_status('VmHWM') - before:,.0f} MB")


def _read(plan: Plan) -> None:
    before, start = _forget_peak(), time.perf_counter()
    language_composition(plan)
    click.echo(f"counting languages: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    for _ in plan.batches():
        pass
    click.echo(f"all batches, one by one: {time.perf_counter() - start:.1f} s")
    click.echo(f"largest memory beside what was there: {_status('VmHWM') - before:,.0f} MB")


def _forget_peak() -> float:
    """Let the peak of the memory be what is held now, in MB; Linux alone can do it."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
