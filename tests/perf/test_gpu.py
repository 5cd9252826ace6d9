"""The script for a GPU: its arithmetic, and all of it on a CPU in miniature."""

import pytest
from click.testing import CliRunner

from hbir.encoding.shapes import Shape
from perf.gpu import main, mfu, peak
from perf.shapes import SHAPES
from perf.workload import Workload


def test_operations_of_a_text_by_hand():
    shape = Shape(layers=1, width=2, heads=1, feed_forward=3, vocabulary=10)
    # 4 · 2 · 2 + 2 · 2 · 3 = 28 weights; a token: 56 for them, 4 · 5 · 2 = 40 for attention; 5 tokens, 3 times.
    assert shape.layer_weights == 28
    assert shape.flops(5) == 3 * 5 * (56 + 40)


def test_the_weights_of_the_layers_are_those_of_xlm_r():
    """278 million weights in base, 560 million in large, of which the tables of 250,002 tokens are most."""
    assert SHAPES["base"].layer_weights == 84_934_656
    assert SHAPES["large"].layer_weights == 301_989_888


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H200", 989e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40S", None),
        ("NVIDIA GeForce RTX 4090", 165e12),
        ("Tesla T4", None),
    ],
)
def test_the_peak_of_a_card(card: str, expected: float | None):
    assert peak(card) == expected


def test_the_share_of_the_peak():
    load = Workload(shape=SHAPES["base"], batch=2, steps=1, query_tokens=32, passage_tokens=128, pairs=20)
    speed = 0.45 * 312e12 / load.flops_per_pair
    assert mfu(speed, load, 312e12) == "45%"
    assert mfu(speed, load, None) == "unknown card"


def test_without_a_gpu_it_says_how_to_try_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 1
    assert "--device cpu --shape tiny" in result.output


@pytest.mark.filterwarnings("ignore")  # of sentence-transformers' trainer
def test_all_of_it_in_miniature_on_a_cpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    options = "--device cpu --shape tiny --batch 4 --cached-batch 8 --steps 6 --repeats 1 --profile"
    options += " --query-tokens 8 --passage-tokens 16"
    result = CliRunner().invoke(main, options.split(), catch_exceptions=False)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len([line for line in lines if "pairs/s, MFU unknown card" in line]) == 4
    assert any(line.split()[:1] == ["aten::addmm"] for line in lines)
    assert lines[-1].startswith("XLM-R tiny, 8 pairs, gradient caching: ratio ")
