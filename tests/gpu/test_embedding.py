"""A GPU embeds and ranks as a CPU does."""

from pathlib import Path

import numpy as np
import pytest

from hbir.encoding.embed import embed
from hbir.encoding.model import load_encoder
from hbir.encoding.precision import embedding_in
from tests.several import values
from tests.training.conftest import Files, make_pairs

TEXTS = make_pairs()["passage"].to_pylist()


def embedded(folder: Path, device: str) -> np.ndarray:
    return embed(load_encoder(folder, device=device), TEXTS, "document", 8)


def shared(folder: Path) -> np.ndarray:
    """Embed as one of several processes, each on a host of its own."""
    from hbir.encoding.joined import device_of, joined

    with joined("embed") as ranks:
        return embed(load_encoder(folder, device=device_of(ranks)), TEXTS, "document", 8, ranks=ranks)


def test_embeddings_are_those_of_a_cpu(files: Files):
    folder = files.folder / "initial"
    np.testing.assert_allclose(embedded(folder, "cuda"), embedded(folder, "cpu"), atol=1e-5)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_embeddings_are_repeatable_to_the_bit_and_near_those_of_fp32(files: Files, precision):
    model = load_encoder(files.folder / "initial", device="cuda")
    with embedding_in(model, precision):
        one, other = (embed(model, TEXTS, "document", 8) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    exact = embedded(files.folder / "initial", "cpu")
    assert (one * exact).sum(axis=1).min() > 0.99


def test_two_hosts_embed_what_one_gpu_embeds(files: Files):
    folder = files.folder / "initial"
    alone = embedded(folder, "cuda")
    for found in values(2, shared, folder, hosts=True):
        np.testing.assert_array_equal(found, alone)
