"""InfoNCE against its definition, in value and gradient."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hbir.encoding.prompts import Side
from hbir.training.objective import info_nce, info_nce_of_several, one_per_query


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


def of_several_by_definition(queries, passages, owners, temperature: float) -> torch.Tensor:
    """Write the likelihood of every passage out: against itself and the passages of other queries."""
    total = torch.zeros((), dtype=queries.dtype)
    for j, owner in enumerate(owners):
        scores = [torch.exp(torch.dot(queries[owner], passage) / temperature) for passage in passages]
        negatives = [score for score, other in zip(scores, owners, strict=True) if other != owner]
        total = total - torch.log(scores[j] / sum(negatives, start=scores[j]))
    return total / len(owners)


@st.composite
def owners_of_passages(draw):
    """Draw which query each passage is of, at least two queries, in any order."""
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    return draw(st.permutations([query for query, width in enumerate(widths) for _ in range(width)]))


@given(owners_of_passages(), st.integers(1, 5), st.sampled_from([0.05, 0.3, 1.0]), st.integers(0, 99))
def test_with_several_passages_value_and_gradient_are_those_of_the_definition(owners, width, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    raw = [
        torch.randn(n, width, generator=generator, dtype=torch.float64) for n in (max(owners) + 1, len(owners))
    ]
    results = []
    for loss in (info_nce_of_several, of_several_by_definition):
        queries, passages = (torch.nn.functional.normalize(side, dim=1).requires_grad_() for side in raw)
        value = loss(queries, passages, torch.tensor(owners), temperature)
        value.backward()
        results.append([value.double().detach(), queries.grad, passages.grad])
    for fast, slow in zip(*results, strict=True):
        assert torch.allclose(fast, slow, rtol=2e-4, atol=2e-5)


@given(st.integers(2, 6), st.sampled_from([0.05, 1.0]), st.integers(0, 99))
def test_with_one_passage_each_it_is_the_same_loss(batch, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    queries, passages = (torch.randn(batch, 3, generator=generator) for _ in range(2))
    several = info_nce_of_several(queries, passages, torch.arange(batch), temperature)
    assert several.item() == pytest.approx(info_nce(queries, passages, temperature).item(), rel=1e-4, abs=1e-5)


def test_another_passage_of_the_query_pushes_nothing_away():
    """Both passages of query 0 are as near as can be: no loss; as a negative one would cost ln 2."""
    queries, passages = torch.eye(2), torch.eye(2)[[0, 0, 1]]
    assert info_nce_of_several(queries, passages, torch.tensor([0, 0, 1]), 0.01).item() == pytest.approx(
        0, abs=1e-6
    )


def test_scores_far_apart_stay_finite_in_value_and_gradient():
    queries, passages = (torch.tensor([[300.0], [-300.0]]).requires_grad_() for _ in range(2))
    for owners in ([0, 1], [1, 0]):
        value = info_nce_of_several(queries, passages, torch.tensor(owners), 0.01)
        value.backward()
        for one in (value, queries.grad, passages.grad):
            assert one is not None
            assert torch.isfinite(one).all()


def test_a_batch_names_every_query_once():
    rows: dict[Side, np.ndarray] = {"query": np.array([7, 3, 7, 9, 3]), "document": np.array([1, 2, 3, 4, 1])}
    once, owners = one_per_query(rows)
    assert once["query"].tolist() == [3, 7, 9]
    assert once["query"][owners].tolist() == rows["query"].tolist()
    assert once["document"] is rows["document"]
    different: dict[Side, np.ndarray] = {"query": np.array([7, 3]), "document": np.array([1, 2])}
    assert one_per_query(different) == (different, None)
