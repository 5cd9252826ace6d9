"""Texts behind one another have the embeddings and gradients of texts alone."""

import copy
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import (
    DataCollatorWithFlattening,
    DistilBertConfig,
    DistilBertModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    Qwen3Config,
    Qwen3Model,
)
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from hbir.encoding.model import load_encoder
from hbir.encoding.prompts import SIDES
from hbir.training import packed_attention
from hbir.training.inputs import TokenInputs
from hbir.training.objective import backward
from hbir.training.packed_attention import attention
from hbir.training.packing import GROUPS, Packing, groups, library_pads
from tests.encoding import architectures
from tests.training.conftest import Files
from tests.training.running import packed_forward, pair_texts

lengths_of_texts = st.lists(st.integers(1, 7), min_size=1, max_size=8)


class Layer(nn.Module):
    def __init__(self, causal: bool = False, key_value_groups: int = 1) -> None:
        super().__init__()
        self.is_causal, self.num_key_value_groups = causal, key_value_groups


@given(lengths_of_texts)
def test_groups_are_runs_of_one_length(lengths: list[int]):
    found = groups(np.array(lengths))
    assert [length for count, length in found for _ in range(count)] == lengths
    assert all(one != other for (_, one), (_, other) in itertools.pairwise(found))


@given(lengths_of_texts, st.integers(0, 3))
def test_features_are_those_of_the_library(lengths: list[int], first: int):
    rows = [np.arange(length) + 5 for length in lengths]
    collator = DataCollatorWithFlattening(
        return_seq_idx=True, return_flash_attn_kwargs=True, return_position_ids=True
    )
    expected = collator([{"input_ids": row.tolist()} for row in rows])
    expected.pop("labels")
    expected["position_ids"] += first
    found = Packing(first).join(rows)
    found.pop(GROUPS)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(torch.as_tensor(found[name]), torch.as_tensor(value)), name


def attend(
    module: nn.Module, states: Sequence[torch.Tensor], lengths: Sequence[int], **how: Any
) -> torch.Tensor:
    query, key, value = states
    how = {"attention_mask": None, GROUPS: groups(np.array(lengths)), **how}
    return attention(module, query, key, value, **how)[0]


def one_by_one(module: nn.Module, states: list[torch.Tensor], lengths: list[int]) -> torch.Tensor:
    """Attend within each text alone: the slow twin."""
    parts = zip(*(part.split(lengths, dim=2) for part in states), strict=True)
    found = [sdpa_attention_forward(module, query, key, value, None)[0] for query, key, value in parts]
    return torch.cat(found, dim=1)


@pytest.mark.parametrize("has_kernel", [True, False])
@given(lengths_of_texts, st.booleans(), st.booleans(), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_attention_and_its_gradient_are_those_of_texts_one_by_one(
    has_kernel: bool, lengths: list[int], causal: bool, shared: bool, seed: int
):
    """Also where several heads share keys and values."""
    torch.manual_seed(seed)
    heads = 2 if shared else 4
    module = Layer(causal, 4 // heads)
    results = []
    for packed in (False, True):
        torch.manual_seed(seed)
        flat = [torch.randn(1, sum(lengths), count, 8, requires_grad=True) for count in (4, heads, heads)]
        states = [part.transpose(1, 2) for part in flat]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(packed_attention, "_HAS_KERNEL", has_kernel)
            found = attend(module, states, lengths) if packed else one_by_one(module, states, lengths)
            (found * torch.linspace(-1, 1, 8)).sum().backward()
        results.append([found.detach(), *(part.grad for part in flat)])
    for expected, found in zip(*results, strict=True):
        assert torch.allclose(found, expected, atol=1e-5)


def test_attention_drops_weights_within_each_text_and_keeps_the_mean():
    torch.manual_seed(1)
    states = [torch.randn(1, 2, 9, 4) for _ in range(3)]
    lengths = [2, 2, 5]
    exact = attend(Layer(), states, lengths)
    drawn = [attend(Layer(), states, lengths, dropout=0.3) for _ in range(3000)]
    assert not torch.allclose(drawn[0], exact, atol=1e-2)
    assert torch.allclose(torch.stack(drawn).mean(0), exact, atol=0.1)


@pytest.mark.parametrize("special", [{"position_bias": torch.zeros(1)}, {"sliding_window": 128}])
def test_what_packed_texts_cannot_have_is_refused(special: dict[str, object]):
    states = [torch.randn(1, 2, 4, 4) for _ in range(3)]
    with pytest.raises(NotImplementedError):
        attend(Layer(), states, [4], **special)
    with pytest.raises(NotImplementedError):
        attend(Layer(), states, [4], attention_mask=torch.zeros(1, 1, 4, 4))


QUERIES = [f"{'aa which ' * (n % 4)}{n}" for n in range(9)]
PASSAGES = [f"{'bb comes of ' * (n * 5 % 7)}{n}" for n in range(9)]
ROWS = {side: np.arange(9) for side in SIDES}
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
OTHERS = {
    "distilbert": (
        DistilBertModel,
        DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=32, vocab_size=400),
    ),
    "mpnet": (MPNetModel, MPNetConfig(vocab_size=400, **SIZES)),
    "modernbert": (ModernBertModel, ModernBertConfig(vocab_size=400, pad_token_id=1, **SIZES)),
    "qwen3": (Qwen3Model, Qwen3Config(vocab_size=400, num_key_value_heads=1, head_dim=8, **SIZES)),
}
PACKED = {
    "labse": True,
    "e5": True,
    "distilbert": True,
    "qwen3": True,  # causal, and heads share keys and values
    "mt5": False,  # adds a bias by position to its attention
    "mpnet": False,  # the same
    "modernbert": False,  # looks at neighbours only, in some layers
}
"""Whether an architecture can do without padding."""


def miniature(kind: str, folder: Path) -> SentenceTransformer:
    """Make an encoder of random weights and without dropout."""
    torch.manual_seed(2)
    if kind in OTHERS:
        architectures.make_e5(folder)
        (folder / "model.safetensors").unlink()
        make, config = OTHERS[kind]
        make(config).save_pretrained(folder)
    else:
        getattr(architectures, f"make_{kind}")(folder)
    return SentenceTransformer(str(folder), device="cpu")


@pytest.mark.parametrize("kind", PACKED)
def test_an_architecture_is_packed_only_where_its_embeddings_stay_the_same(kind: str, tmp_path: Path):
    model = miniature(kind, tmp_path / "model")
    results = []
    for packed in (False, True):
        forward = packed_forward(copy.deepcopy(model).eval(), pair_texts(QUERIES, PASSAGES), tmp_path / "f")
        assert isinstance(forward.inputs, TokenInputs)
        assert (forward.inputs.packing is not None) == PACKED[kind]
        forward.inputs.packing = forward.inputs.packing if packed else None
        loss = backward(forward, ROWS, 0.05)
        weights = forward.model.named_parameters()
        results.append(
            (loss.item(), {name: weight.grad for name, weight in weights if weight.grad is not None})
        )
    (expected, slow), (found, fast) = results
    assert found == pytest.approx(expected, abs=1e-5)
    assert fast.keys() == slow.keys()
    for name, gradient in slow.items():
        assert torch.allclose(fast[name], gradient, atol=2e-5), name


def test_the_library_pads_while_texts_are_tokenised(files: Files):
    model = load_encoder(files.folder / "initial", device="cpu")
    model[0].can_flatten_inputs = True
    with library_pads(model):
        assert not model[0].can_flatten_inputs
    assert model[0].can_flatten_inputs
