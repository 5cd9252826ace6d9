"""Several processes embed texts together: the same bytes as with one."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from hbir.encoding import batches
from hbir.encoding.embed import embed
from hbir.encoding.model import prepare_torch
from hbir.encoding.prompts import SIDES, Side
from hbir.encoding.ranks import Ranks
from tests.encoding.architectures import TEXTS
from tests.encoding.test_embed import HARD, make_kind
from tests.together import together

MOST = 4
"""Processes."""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[SentenceTransformer]]:
    """Give each process a model of its own, since two threads cannot share a tokenizer."""
    prepare_torch(1)
    made: dict[str, list[SentenceTransformer]] = {}

    def copied(kind: str) -> list[SentenceTransformer]:
        if kind not in made:
            model = make_kind(kind, tmp_path_factory.mktemp(kind))
            made[kind] = [copy.deepcopy(model) for _ in range(MOST)]
        return made[kind]

    return copied


@settings(max_examples=20, deadline=None)
@given(
    texts=st.lists(st.one_of(st.sampled_from(HARD), st.text(max_size=60)), max_size=20),
    size=st.integers(2, MOST),
    batch_size=st.integers(1, 5),
    side=st.sampled_from(SIDES),
)
def test_the_bytes_are_those_of_one_process(
    copies: Callable[[str], list[SentenceTransformer]], texts: list[str], size: int, batch_size: int, side: Side
):
    """Also of fewer texts than processes, of none, and of texts that come again."""
    models = copies("mbert")

    def run(ranks: Ranks) -> np.ndarray:
        return embed(models[ranks.place.rank], texts, side, batch_size, ranks=ranks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_CHUNK", 7)
        patch.setattr(batches, "_STATES", 1500)
        (alone,) = together(1, run)
        for found in together(size, run):
            assert (found.dtype, found.shape) == (alone.dtype, alone.shape)
            assert found.tobytes() == alone.tobytes()


@pytest.mark.parametrize(("kind", "count"), [("static", 30), ("left", 30), ("router", 30), ("truncated", 2)])
def test_every_kind_of_encoder_is_shared(
    copies: Callable[[str], list[SentenceTransformer]], kind: str, count: int
):
    models, texts = copies(kind), [*HARD, *TEXTS][:count]

    def run(ranks: Ranks) -> np.ndarray:
        return embed(models[ranks.place.rank], texts, "document", 4, ranks=ranks)

    (alone,) = together(1, run)
    for found in together(3, run):
        assert np.allclose(found, alone, atol=1e-6)
        assert kind == "left" or found.tobytes() == alone.tobytes()


def test_every_batch_goes_through_one_process(copies: Callable[[str], list[SentenceTransformer]]):
    models, texts = copies("mbert"), list(dict.fromkeys([*HARD, *TEXTS]))
    seen: list[list[int]] = [[], [], []]
    handles = []
    for rank, model in enumerate(models[:3]):

        def watch(_: object, inputs: tuple[dict[str, torch.Tensor]], rank: int = rank) -> None:
            seen[rank].append(len(inputs[0]["attention_mask"]))

        handles.append(model.register_forward_pre_hook(watch))
    together(3, lambda ranks: embed(models[ranks.place.rank], texts, "query", 4, ranks=ranks))
    for handle in handles:
        handle.remove()
    assert sum(map(sum, seen)) == len(texts)
    counts = [len(one) for one in seen]
    assert max(counts) - min(counts) <= 1
    assert min(counts) > 1
