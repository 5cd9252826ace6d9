"""What stands in for torch's own layers on a CPU computes the same."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from hbir.encoding.model import load_encoder
from hbir.training import attention, cpu
from hbir.training.attention import attention_with_dropout
from hbir.training.cpu import speed_up
from hbir.training.dropout import Dropout, drop
from hbir.training.products import Linear, TokenEmbedding
from tests.training.conftest import Files


def gradient(of: torch.Tensor) -> torch.Tensor:
    assert of.grad is not None
    return of.grad


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(400, 501), (3, 7, 10_001)])
def test_dropout_drops_its_share_and_keeps_the_mean(probability: float, shape: tuple[int, ...]):
    torch.manual_seed(1)
    values = torch.ones(shape, requires_grad=True)
    dropped = drop(values, probability)
    gone = (dropped == 0).float()
    deviation = (probability * (1 - probability) / values.numel()) ** 0.5
    assert gone.mean().item() == pytest.approx(probability, abs=5 * deviation)
    assert dropped.max().item() == pytest.approx(1 / (1 - probability), rel=1e-4)
    dropped.sum().backward()
    assert torch.equal(gradient(values), dropped.detach())


def test_dropped_values_have_nothing_to_do_with_their_neighbours():
    torch.manual_seed(2)
    gone = drop(torch.ones(1_000_000), 0.3) == 0
    for apart in (1, 2, 3, 4, 8, 1000):
        both = (gone[apart:] & gone[:-apart]).float().mean().item()
        assert both == pytest.approx(0.09, abs=0.002), apart


def test_a_seed_gives_the_same_values_and_another_one_others():
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(drop(torch.ones(100), 0.5))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert drop(values := torch.ones(3), 0.0) is values


def test_dropout_rests_in_evaluation():
    layer = Dropout(0.5)
    values = torch.ones(50)
    assert (layer.train()(values) == 0).any()
    assert torch.equal(layer.eval()(values), values)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 99), st.booleans())
@settings(max_examples=40, deadline=None)
def test_products_and_their_gradients_are_those_of_torch(rows: int, times: int, seed: int, bias: bool):
    torch.manual_seed(seed)
    plain = nn.Linear(6, 4, bias=bias)
    fast = copy.deepcopy(plain)
    fast.__class__ = Linear
    for _ in range(times):  # gradients add up
        values = [torch.randn(2, rows, 6)]
        values.append(values[0].clone())
        for layer, given_values in zip((plain, fast), values, strict=True):
            layer(given_values.requires_grad_()).square().sum().backward()
        assert torch.allclose(gradient(values[0]), gradient(values[1]), atol=1e-4)
    for one, other in zip(plain.parameters(), fast.parameters(), strict=True):
        assert torch.allclose(gradient(one), gradient(other), atol=1e-3)


def test_a_frozen_product_has_no_gradient_of_its_own():
    layer = nn.Linear(3, 3)
    layer.__class__ = Linear
    layer.requires_grad_(False)
    values = torch.randn(2, 3, requires_grad=True)
    layer(values).sum().backward()
    assert torch.allclose(gradient(values), layer.weight.sum(0).expand(2, 3), atol=1e-6)
    assert layer.weight.grad is None
    assert layer.bias.grad is None
    assert not layer(torch.randn(2, 3)).requires_grad


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=4),
    st.sampled_from([None, 0, 3]),
)
@settings(max_examples=50, deadline=None)
def test_the_gradient_of_a_table_is_that_of_torch(calls: list[list[int]], padding: int | None):
    plain = nn.Embedding(8, 3, padding_idx=padding)
    fast = copy.deepcopy(plain)
    fast.__class__ = TokenEmbedding
    for ids in calls:
        factor = torch.randn(len(ids), 3)
        for table in (plain, fast):
            (table(torch.tensor(ids)) * factor).sum().backward()
    assert torch.allclose(gradient(plain.weight), gradient(fast.weight), atol=1e-5)


class Layer(nn.Module):
    is_causal = False


@pytest.mark.parametrize("masked", ["no", "bool", "number"])
def test_attention_without_dropped_weights_is_that_of_the_library(monkeypatch, masked: str):
    torch.manual_seed(4)
    query, key, value = (torch.randn(2, 3, 5, 4) for _ in range(3))
    seen = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    seen[1, ..., 3:] = False
    mask = {"no": None, "bool": seen, "number": torch.zeros(2, 1, 1, 5).masked_fill(~seen, -1e9)}[masked]
    expected, _ = sdpa_attention_forward(Layer(), query, key, value, mask)
    monkeypatch.setattr(attention, "drop", lambda values, _: values)
    found, _ = attention_with_dropout(Layer(), query, key, value, mask, dropout=0.1)
    assert torch.allclose(found, expected, atol=1e-5)


def test_attention_drops_weights_and_keeps_the_mean():
    torch.manual_seed(5)
    query, key, value = (torch.randn(1, 2, 6, 4) for _ in range(3))
    exact, _ = attention_with_dropout(Layer(), query, key, value, None, dropout=0.0)
    drawn = [attention_with_dropout(Layer(), query, key, value, None, dropout=0.4)[0] for _ in range(3000)]
    assert not torch.allclose(drawn[0], exact, atol=1e-2)
    assert torch.allclose(torch.stack(drawn).mean(0), exact, atol=0.1)


def test_an_encoder_gives_the_same_embeddings_and_the_same_files(files: Files, tmp_path, monkeypatch):
    monkeypatch.setattr(cpu, "WIDE", 1)
    model = load_encoder(files.folder / "initial", device="cpu")
    before = model.encode_query(["aa which number"])
    model.save_pretrained(str(tmp_path / "before"), create_model_card=False)
    speed_up(model)
    assert any(isinstance(part, Linear) for part in model.modules())
    assert any(isinstance(part, Dropout) for part in model.modules())
    assert any(isinstance(part, TokenEmbedding) for part in model.modules())
    assert torch.allclose(
        torch.tensor(before), torch.tensor(model.encode_query(["aa which number"])), atol=1e-6
    )
    model.save_pretrained(str(tmp_path / "after"), create_model_card=False)
    for path in sorted((tmp_path / "before").rglob("*.json")):
        assert path.read_bytes() == (tmp_path / "after" / path.relative_to(tmp_path / "before")).read_bytes()


def test_dropout_is_on_while_training(files: Files):
    model = load_encoder(files.folder / "initial", device="cpu")
    speed_up(model)
    read = model.preprocess(["aa which number is 3"], task="query")
    model.train()
    first, second = (model(dict(read), task="query")["sentence_embedding"] for _ in range(2))
    assert not torch.allclose(first, second, atol=1e-4)
