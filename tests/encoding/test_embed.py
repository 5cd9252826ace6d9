"""Embedding in batches of one length, against `encode_query` and `encode_document`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Router

from hbir.encoding import batches as module
from hbir.encoding.batches import cut, is_sliceable
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import features, open_encoder, prepare_torch
from hbir.encoding.prompts import SIDES, Side
from tests.encoding.architectures import MAKERS, TEXTS, make_custom
from tests.encoding.builder import make_params

KINDS = [*MAKERS, "tiny", "static", "custom", "router", "left", "truncated"]
LONG = " ".join(TEXTS[::3])
HARD = ["", " ", LONG, "a", *TEXTS[::7], LONG + " another end", "a", "जापान", "", "\n\n", "🙂 👩‍👩‍👧"]
PROMPTS: dict[Side, str | None] = {"query": "Query: ", "document": "Passage: "}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SentenceTransformer]:
    """Return what makes an encoder of a kind, once."""
    prepare_torch(1)
    made: dict[str, SentenceTransformer] = {}

    def make(kind: str) -> SentenceTransformer:
        if kind not in made:
            made[kind] = make_kind(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return make


def make_kind(kind: str, folder: Path) -> SentenceTransformer:
    if kind in ("tiny", "static"):
        return initial_encoder(make_params(name=kind), TEXTS, 1)
    {**MAKERS, "custom": make_custom}.get(kind, MAKERS["multilingual-e5"])(folder)
    model = open_encoder(str(folder), device="cpu", trust_remote_code=kind == "custom", prompts=PROMPTS)
    model.max_seq_length = min(model.max_seq_length or 64, 64)  # mt5 and the toy have no limit of their own
    if kind == "left":
        model.tokenizer.padding_side = "left"
    if kind == "truncated":
        model.truncate_dim = 5
    if kind == "router":
        return _router(model, make_kind("mbert", folder / "other"))
    return model


def _router(query: SentenceTransformer, document: SentenceTransformer) -> SentenceTransformer:
    """Make an encoder of two towers: another one for queries than for passages."""
    towers = Router.for_query_document(query_modules=list(query), document_modules=list(document))
    return SentenceTransformer(modules=[towers], device="cpu", prompts=PROMPTS).eval()


def library(model: SentenceTransformer, texts: list[str], side: Side) -> np.ndarray:
    run = model.encode_query if side == "query" else model.encode_document
    found = run(texts, show_progress_bar=False, normalize_embeddings=model.similarity_fn_name == "cosine")
    return np.asarray(found)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_encoder_embeds_as_the_library_does(
    kind: str, side: Side, encoder: Callable[[str], SentenceTransformer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_CHUNK", 7)
    monkeypatch.setattr(module, "_STATES", 1500)
    model = encoder(kind)
    ours = embed(model, HARD, side, 4)
    assert ours.dtype == np.float32
    assert np.allclose(ours, library(model, HARD, side), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_which_encoders_are_fed_by_length(kind: str, encoder: Callable[[str], SentenceTransformer]):
    model = encoder(kind)
    assert is_sliceable(features(model, ["a", LONG], "query")) == (kind not in ("static", "left"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.one_of(st.sampled_from(HARD), st.text(max_size=60)), min_size=1, max_size=20),
    batch_size=st.integers(1, 9),
    side=st.sampled_from(SIDES),
)
def test_any_list_of_texts_is_embedded_in_its_order(
    encoder: Callable[[str], SentenceTransformer], texts: list[str], batch_size: int, side: Side
):
    model = encoder("bge-m3")
    assert np.allclose(embed(model, texts, side, batch_size), library(model, texts, side), atol=1e-5)


def test_no_texts_give_no_rows(encoder: Callable[[str], SentenceTransformer]):
    assert embed(encoder("mbert"), [], "query", 4).shape == (0, 16)


def test_no_batch_is_wider_than_its_longest_text_or_larger_than_it_may_be(
    encoder: Callable[[str], SentenceTransformer], monkeypatch: pytest.MonkeyPatch
):
    model, seen = encoder("multilingual-e5"), []

    def watch(_, inputs):
        seen.append(inputs[0]["attention_mask"].clone())

    monkeypatch.setattr(module, "_STATES", 16 * 64)
    handle = model.register_forward_pre_hook(watch)
    embed(model, TEXTS, "document", 5)
    handle.remove()
    assert all(mask[:, -1].any() for mask in seen)
    assert all(len(mask) <= 5 and mask.numel() <= 64 for mask in seen)
    assert sum(len(mask) for mask in seen) == len(TEXTS)
    assert not torch.is_inference_mode_enabled()


def test_an_encoder_in_training_mode_embeds_without_dropout(encoder: Callable[[str], SentenceTransformer]):
    model = encoder("mbert")
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.5
    expected = embed(model, TEXTS, "query", 8)
    assert np.array_equal(embed(model.train(), TEXTS, "query", 8), expected)


@given(
    lengths=st.lists(st.integers(0, 50), max_size=40),
    most_rows=st.integers(1, 9),
    most_tokens=st.one_of(st.none(), st.integers(1, 120)),
)
def test_batches_hold_every_text_once_within_both_limits(
    lengths: list[int], most_rows: int, most_tokens: int | None
):
    lengths.sort(reverse=True)
    batches = cut(lengths, most_rows, most_tokens)
    assert [row for batch in batches for row in range(len(lengths))[batch.rows]] == list(range(len(lengths)))
    for batch in batches:
        held = lengths[batch.rows]
        assert batch.width == max(1, *held)
        assert len(held) <= most_rows
        assert most_tokens is None or len(held) == 1 or len(held) * batch.width <= most_tokens
