"""InfoNCE against its definition, in value and gradient."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hbir.training.objective import info_nce


def by_definition(queries: torch.Tensor, passages: torch.Tensor, temperature: float) -> torch.Tensor:
    """Write Eq. 1 out, pair by pair."""
    total = torch.zeros((), dtype=queries.dtype)
    for i in range(len(queries)):
        scores = [torch.dot(queries[i], passages[j]) / temperature for j in range(len(passages))]
        total = total - torch.log(torch.exp(scores[i]) / sum(torch.exp(score) for score in scores))
    return total / len(queries)


@given(st.integers(1, 6), st.integers(1, 5), st.sampled_from([0.05, 0.3, 1.0]), st.integers(0, 99))
def test_value_and_gradient_are_those_of_the_definition(batch, width, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    raw = [torch.randn(batch, width, generator=generator, dtype=torch.float64) for _ in range(2)]
    results = []
    for loss in (info_nce, by_definition):
        sides = [torch.nn.functional.normalize(side, dim=1).requires_grad_() for side in raw]
        value = loss(sides[0], sides[1], temperature)
        value.backward()
        results.append([value.double().detach(), *(side.grad for side in sides)])
    for fast, slow in zip(*results, strict=True):
        assert torch.allclose(fast, slow, rtol=2e-4, atol=2e-5)


def test_equal_similarities_give_the_logarithm_of_the_batch():
    same = torch.ones(4, 1)
    assert info_nce(same, same, 0.1).item() == pytest.approx(math.log(4))


def test_a_right_and_certain_encoder_loses_nothing():
    sides = torch.eye(4)
    assert info_nce(sides, sides, 0.01).item() == pytest.approx(0, abs=1e-6)


def test_rows_are_positives_of_each_other_and_nothing_else():
    queries = torch.eye(3)
    swapped = queries[[1, 0, 2]]
    assert info_nce(queries, swapped, 0.1) > info_nce(queries, queries, 0.1) + 5
