"""Chunks, one forward for both sides and gradient caching change neither the loss nor the gradient."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from hbir.encoding.model import load_encoder
from hbir.encoding.prompts import SIDES, Side
from hbir.training import caching
from hbir.training.caching import cached_backward
from hbir.training.chunks import ChunkCost, chunk_cost, cut, fill
from hbir.training.cpu import speed_up
from hbir.training.forward import Forward
from hbir.training.inputs import TokenInputs
from hbir.training.objective import backward, info_nce
from tests.training.conftest import Files, routed
from tests.training.running import packed_forward, pair_texts, token_forward

QUERIES = [f"{'aa which ' * (n % 5)}number is {n}" for n in range(12)]
PASSAGES = [f"bb the number {'comes of ' * (n * 7 % 11)}{n}" for n in range(12)]
ROWS: dict[Side, np.ndarray] = {"query": np.arange(12), "document": np.arange(12)}


def padded(lengths: np.ndarray, chunks: list[np.ndarray], overhead: float) -> float:
    return float(sum(len(chunk) * max(1, lengths[chunk].max()) + overhead for chunk in chunks))


def every_cut(lengths: np.ndarray, cost: ChunkCost) -> float:
    """Try all ways to cut texts in the order of their lengths: the slow twin."""
    order = np.argsort(lengths, kind="stable")
    best = np.inf
    for ends in itertools.product([False, True], repeat=len(order) - 1):
        chunks = np.split(order, [i + 1 for i, end in enumerate(ends) if end])
        if all(len(c) == 1 or len(c) * max(1, lengths[c].max()) <= cost.longest for c in chunks):
            best = min(best, padded(lengths, chunks, cost.overhead))
    return best


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=9),
    st.sampled_from([0.0, 3.0, 50.0]),
    st.sampled_from([8, 60, 4096]),
)
@settings(max_examples=150, deadline=None)
def test_no_other_cut_costs_less(lengths: list[int], overhead: float, longest: int):
    sizes, cost = np.array(lengths), ChunkCost(overhead, longest)
    chunks = cut(sizes, cost)
    assert sorted(np.concatenate(chunks).tolist()) == list(range(len(lengths)))
    assert padded(sizes, chunks, overhead) == pytest.approx(every_cut(sizes, cost))
    assert all(len(c) == 1 or len(c) * max(1, sizes[c].max()) <= longest for c in chunks)


@given(st.lists(st.integers(1, 40), max_size=12), st.sampled_from([1, 8, 60, 4096]))
@settings(deadline=None)
def test_without_padding_chunks_are_as_full_as_may_be(lengths: list[int], longest: int):
    sizes = np.array(lengths, dtype=np.int64)
    chunks = fill(sizes, longest)
    order = [place for chunk in chunks for place in chunk.tolist()]
    assert sorted(order) == list(range(len(lengths)))
    assert sizes[order].tolist() == sorted(lengths)
    for chunk, after in itertools.pairwise(chunks):
        assert len(chunk) == 1 or sizes[chunk].sum() <= longest
        assert sizes[chunk].sum() + sizes[after[0]] > longest


def test_a_wide_encoder_is_cut_finer_than_a_narrow_one():
    narrow, wide = (torch.nn.Sequential(torch.nn.Linear(n, n)) for n in (8, 512))
    device = torch.device("cpu")
    assert chunk_cost(narrow, device).overhead > chunk_cost(wide, device).overhead
    assert chunk_cost(wide, device, 77).longest == 77


def gradients(model: SentenceTransformer) -> dict[str, torch.Tensor]:
    found = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


def plain(model: SentenceTransformer) -> tuple[float, dict[str, torch.Tensor]]:
    """Do a step as it is written in the paper: each text alone, no chunks, no padding."""
    sides = []
    for side, texts in zip(SIDES, (QUERIES, PASSAGES), strict=True):
        rows = [
            model(model.preprocess([text], prompt=model.prompts.get(side), task=side), task=side)
            for text in texts
        ]
        sides.append(torch.cat([row["sentence_embedding"] for row in rows]))
    loss = info_nce(sides[0], sides[1], 0.05)
    loss.backward()
    return loss.item(), gradients(model)


@pytest.mark.parametrize("longest", [16, 4096])
@pytest.mark.parametrize("kind", ["plain", "prompted", "routed"])
@pytest.mark.parametrize("run", [backward, cached_backward])
@pytest.mark.parametrize("way", ["plain", "fast", "packed"])
def test_loss_and_gradient_are_those_of_texts_one_by_one(
    files: Files, tmp_path: Path, run, kind: str, longest: int, way: str
):
    model = routed(files) if kind == "routed" else load_encoder(files.folder / "initial", device="cpu")
    if kind == "prompted":
        model.prompts = {"query": "query: ", "document": "passage: "}
    expected, slow = plain(model.eval())
    texts = pair_texts(QUERIES, PASSAGES)
    if way == "packed":
        forward = packed_forward(model, texts, tmp_path, longest)
    else:
        forward = token_forward(model, texts, tmp_path / "t", ChunkCost(1.0, longest))
    if way == "fast":
        speed_up(model)
    assert (forward.inputs.packing is not None) == (way == "packed")
    assert forward.inputs.mixes == (kind != "routed")
    fewest = 4 if longest == 16 else 1 + (way != "packed" or kind == "routed")
    assert len(list(forward.chunks(ROWS))) >= fewest
    loss = run(forward, ROWS, 0.05)
    assert loss.item() == pytest.approx(expected, abs=1e-5)
    found = gradients(model)
    assert found.keys() == slow.keys()
    for name, gradient in slow.items():
        assert torch.allclose(found[name], used(forward, gradient, name), atol=2e-5), name


OWNERS = np.array([4, 4, 4, 9, 1, 9, 4, 0, 0, 1, 0, 11])
SEVERAL: dict[Side, np.ndarray] = {
    "query": OWNERS,
    "document": np.array([4, 5, 6, 9, 1, 2, 3, 0, 7, 8, 10, 11]),
}


def several(model: SentenceTransformer, rows: dict[Side, np.ndarray]) -> tuple[float, dict[str, torch.Tensor]]:
    """Do the same where a query has several passages: row by row, no sibling among the negatives."""
    sides = []
    for side, texts in zip(SIDES, (QUERIES, PASSAGES), strict=True):
        embedded = [
            model(model.preprocess([texts[row]], prompt=model.prompts.get(side), task=side), task=side)
            for row in rows[side].tolist()
        ]
        sides.append(torch.cat([each["sentence_embedding"] for each in embedded]))
    losses = []
    for row, owner in enumerate(rows["query"]):
        scores = sides[1] @ sides[0][row] / 0.05
        kept = [place for place, other in enumerate(rows["query"]) if place == row or other != owner]
        losses.append(scores[kept].logsumexp(0) - scores[row])
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.item(), gradients(model)


@pytest.mark.parametrize("block", [1, 2, 100])
@pytest.mark.parametrize("kind", ["plain", "routed"])
@pytest.mark.parametrize("run", [backward, cached_backward])
@pytest.mark.parametrize("way", ["plain", "packed"])
def test_siblings_are_no_negatives_in_loss_and_gradient(
    files: Files, tmp_path: Path, monkeypatch, run, kind: str, way: str, block: int
):
    model = routed(files) if kind == "routed" else load_encoder(files.folder / "initial", device="cpu")
    expected, slow = several(model.eval(), SEVERAL)
    monkeypatch.setattr(caching, "_BLOCK", block)
    texts = pair_texts(QUERIES, PASSAGES)
    if way == "packed":
        forward = packed_forward(model, texts, tmp_path, 16)
    else:
        forward = token_forward(model, texts, tmp_path / "t", ChunkCost(1.0, 16))
    assert (forward.inputs.packing is not None) == (way == "packed")
    loss = run(forward, SEVERAL, 0.05)
    assert loss.item() == pytest.approx(expected, abs=1e-5)
    found = gradients(model)
    assert found.keys() == slow.keys()
    for name, gradient in slow.items():
        assert torch.allclose(found[name], used(forward, gradient, name), atol=2e-5), name


def used(forward: Forward, gradient: torch.Tensor, name: str) -> torch.Tensor:
    """Leave those rows of the token table's gradient that are trained."""
    places = forward.inputs.places if isinstance(forward.inputs, TokenInputs) else None
    if places is None or "word_embeddings" not in name:
        return gradient
    rows = np.unique(np.concatenate([[0], np.flatnonzero(places)]))
    return gradient[torch.from_numpy(rows)]


@pytest.mark.parametrize("block", [1, 5, 12, 100])
def test_gradient_caching_holds_the_scores_of_some_queries_at_a_time(
    files: Files, tmp_path: Path, monkeypatch, block: int
):
    model = load_encoder(files.folder / "initial", device="cpu")
    expected, slow = plain(model.eval())
    monkeypatch.setattr(caching, "_BLOCK", block)
    forward = token_forward(model, pair_texts(QUERIES, PASSAGES), tmp_path / "t", ChunkCost(1.0, 64))
    assert cached_backward(forward, ROWS, 0.05).item() == pytest.approx(expected, abs=1e-5)
    found = gradients(model)
    assert all(torch.allclose(found[name], gradient, atol=2e-5) for name, gradient in slow.items())


@pytest.mark.parametrize("rows", [ROWS, SEVERAL], ids=["one passage", "several"])
@pytest.mark.parametrize("packed", [False, True])
def test_gradient_caching_draws_the_same_dropout(
    files: Files, tmp_path: Path, packed: bool, rows: dict[Side, np.ndarray]
):
    results = []
    for run in (backward, cached_backward):
        model = load_encoder(files.folder / "initial", device="cpu")
        texts = pair_texts(QUERIES, PASSAGES)
        if packed:
            forward = packed_forward(model, texts, tmp_path / run.__name__)
        else:
            speed_up(model)
            forward = token_forward(model, texts, tmp_path / "t", ChunkCost(1.0, 64))
        model.train()
        torch.manual_seed(3)
        loss = run(forward, rows, 0.05)
        results.append((loss.item(), gradients(model), torch.get_rng_state()))
    (plain_loss, slow, after), (cached, fast, state) = results
    assert cached == pytest.approx(plain_loss, abs=1e-6)
    assert torch.equal(after, state)
    assert all(torch.allclose(fast[name], slow[name], atol=1e-5) for name in slow)
    model.eval()
    assert run(forward, rows, 0.05).item() != pytest.approx(cached, abs=1e-4)


def test_embeddings_are_those_of_encode_in_their_order(files: Files, tmp_path: Path):
    model = load_encoder(files.folder / "initial", device="cpu")
    forward = token_forward(model, pair_texts(QUERIES, PASSAGES), tmp_path / "t", ChunkCost(1.0, 32))
    rows: dict[Side, np.ndarray] = {"query": np.array([11, 0, 5]), "document": np.array([2, 2, 7, 1])}
    with torch.no_grad():
        embedded = forward.embed(rows)
    queries = model.encode_query([QUERIES[i] for i in rows["query"]])
    passages = model.encode_document([PASSAGES[i] for i in rows["document"]])
    assert np.allclose(embedded["query"], queries, atol=1e-6)
    assert np.allclose(embedded["document"], passages, atol=1e-6)
