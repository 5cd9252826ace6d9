"""Say what a training step consists of, by torch's profiler."""

import click
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from perf import training_data
from perf.machine import origin
from perf.steps import Ours

PARTS = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::addmm_", "mkldnn::_linear_pointwise"),
    "attention: products, softmax, masks": (
        "aten::bmm",
        "aten::baddbmm",
        "aten::_softmax",
        "aten::_softmax_backward_data",
        "aten::masked_fill_",
        "aten::_scaled_dot_product_flash_attention_for_cpu",
        "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
    ),
    "random numbers of dropout": ("aten::bernoulli_", "aten::random_", "aten::ge"),
    "filling with zeros": ("aten::fill_", "aten::zero_"),
    "GELU": ("aten::gelu", "aten::gelu_backward"),
    "embedding tables": ("aten::embedding_dense_backward", "aten::index_select", "aten::_unique2"),
    "optimizer and clipping": ("aten::_fused_adamw_", "aten::_foreach_norm", "aten::_foreach_mul_"),
}
"""Names of operations; what is in none of them is the rest."""


def seconds(events: list[FunctionEvent], steps: int) -> dict[str, float]:
    """Add up the time of operations.

    Args:
        events: of the profiler, summed by name.
        steps: that were profiled.

    Returns:
        By part, the seconds in a step, without what other operations in it took; the rest comes last.
    """
    own = {event.key: event.self_cpu_time_total / 1e6 / steps for event in events}
    parts = {part: sum(own.get(name, 0.0) for name in names) for part, names in PARTS.items()}
    return parts | {"everything else": sum(own.values()) - sum(parts.values())}


@click.command()
@click.option("--encoder", type=click.Choice(["tiny", "real"]), default="tiny", show_default=True)
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=3, show_default=True)
def main(encoder: str, precision: str, steps: int) -> None:
    """Profile training steps of 64 pairs; HBIR_DATA and HBIR_ENCODER are as in `make bench`."""
    ours = Ours(encoder, precision)
    ours.run(2)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        ours.run(steps)
    found = seconds(list(profiled.key_averages()), steps)
    click.echo(f"{origin().machine}; {encoder}, {precision} {training_data.note()}".rstrip())
    for part, took in {**found, "the whole step": sum(found.values())}.items():
        click.echo(f"{part:40} {1000 * took:8.0f} ms")


if __name__ == "__main__":
    main()
