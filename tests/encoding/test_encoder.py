"""Encoders: made the same twice, loaded or refused with a reason."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

from hbir.core.errors import ModelError
from hbir.core.files import atomic_folder
from hbir.core.hashing import folder_digest
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, open_encoder, prepare_torch, save_encoder
from hbir.encoding.scratch import train_tokenizer
from tests.encoding.builder import make_params

TEXTS = [
    "Which currency is used in Japan?",
    "जापान की मुद्रा क्या है?",
    "Ποιο είναι το νόμισμα;",
    "ญี่ปุ่นใช้สกุลเงินอะไร",
]
PARAMS = make_params()


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    prepare_torch(1)


def saved(folder: Path, seed: int = 1) -> Path:
    with atomic_folder(folder) as temporary:
        save_encoder(initial_encoder(PARAMS, TEXTS, seed), temporary)
    return folder


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path):
    digests = [folder_digest(saved(tmp_path / name, seed)) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    assert digests[0] == digests[1] != digests[2]


def test_the_tokenizer_gives_back_every_script_that_it_never_saw():
    tokenizer = train_tokenizer(TEXTS, 320, 40)
    unseen = "Շնորհակալություն — 감사합니다 🙂 ಧನ್ಯವಾದ"
    ids = tokenizer(unseen)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == unseen


def test_padding_follows_the_longest_text_and_truncation_the_limit(tmp_path: Path):
    model = load_encoder(saved(tmp_path / "m"))
    short = model.preprocess(["a", "a b"])["input_ids"]
    assert short.shape[1] < 10
    assert model.preprocess(["word " * 500])["input_ids"].shape == (1, 40)


def test_a_text_has_the_same_embedding_in_any_company(tmp_path: Path):
    """Padding must not leak into an embedding."""
    model = load_encoder(saved(tmp_path / "m"))
    alone = embed(model, ["a"], "query", 1)
    together = embed(model, ["a", "much longer " * 8], "query", 2)
    assert np.allclose(alone[0], together[0], atol=1e-6)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert not np.allclose(together[0], together[1], atol=1e-3)


def test_order_is_kept_over_batches(tmp_path: Path):
    model = load_encoder(saved(tmp_path / "m"))
    texts = [f"{'long ' * (n % 5)}{n}" for n in range(11)]
    assert np.allclose(embed(model, texts, "document", 3), embed(model, texts, "document", 64), atol=1e-6)


def test_a_pretrained_folder_serves_and_is_brought_to_length_one(tmp_path: Path):
    tiny = initial_encoder(PARAMS, TEXTS, 1)
    bare = SentenceTransformer(modules=[tiny[0], Pooling(16, "mean")], device="cpu")
    bare.save_pretrained(str(tmp_path / "bare"), create_model_card=False)
    model = initial_encoder(
        replace(PARAMS, name=str(tmp_path / "bare"), max_query_tokens=24, max_passage_tokens=20), [], 1
    )
    assert model.max_seq_length == 24
    assert np.allclose(np.linalg.norm(embed(model, TEXTS, "query", 2), axis=1), 1, atol=1e-6)
    assert isinstance(model[0], Transformer)


@pytest.mark.parametrize(("similarity", "normalised"), [("cosine", True), ("dot", False)])
def test_the_lengths_count_where_the_model_compares_by_them(tmp_path: Path, similarity, normalised):
    tiny = initial_encoder(PARAMS, TEXTS, 1)
    bare = SentenceTransformer(
        modules=[tiny[0], Pooling(16, "mean")], device="cpu", similarity_fn_name=similarity
    )
    bare.save_pretrained(str(tmp_path / "bare"), create_model_card=False)
    model = open_encoder(str(tmp_path / "bare"), "cpu")
    raw = model.encode_document(TEXTS)
    assert not np.allclose(np.linalg.norm(raw, axis=1), 1, atol=0.1)
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True) if normalised else raw
    assert np.allclose(embed(model, TEXTS, "document", 4), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "text"), [("modules.json", "no modules.json"), ("model.safetensors", "found none")]
)
def test_an_incomplete_folder_is_refused(tmp_path: Path, name, text):
    folder = saved(tmp_path / "m")
    (folder / name).unlink()
    with pytest.raises(ModelError, match=text):
        load_encoder(folder)


def test_truncated_weights_are_refused(tmp_path: Path):
    folder = saved(tmp_path / "m")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="expected a model that loads"):
        load_encoder(folder)


def test_pickled_weights_alone_are_refused(tmp_path: Path):
    import torch

    folder = saved(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError):
        initial_encoder(replace(PARAMS, name=str(folder)), [], 1)
    shutil.rmtree(folder)


def test_a_text_that_comes_again_is_embedded_once(tmp_path: Path):
    model, rows = load_encoder(saved(tmp_path / "m")), []
    expected = embed(model, ["a", "b c"], "query", 8)
    model.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0]["input_ids"])))
    assert np.array_equal(embed(model, ["a", "b c", "a", "a"], "query", 8), expected[[0, 1, 0, 0]])
    assert sum(rows) == 2
