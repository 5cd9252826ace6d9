"""A name that is no encoder is refused at once, and says why."""

import json
import re
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from hbir.core.errors import ModelError
from hbir.encoding.model import open_encoder


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name", ["models/hybrid", "./nothing", "/nothing", "~/nothing", "a/b/c", "two words", "models/a--b"]
)
def test_a_folder_that_is_not_there(name, tmp_path: Path):
    (tmp_path / "models").mkdir()
    with pytest.raises(ModelError, match="expected the folder of an encoder, found no") as raised:
        open_encoder(name)
    either = (
        "or run `dvc repro`, .*; if an id of the Hub is meant, fetch it first with `hf download models/hybrid`"
    )
    assert bool(re.search(either, str(raised.value))) == (name == "models/hybrid")


def test_an_id_without_network():
    with pytest.raises(ModelError, match="the encoder some/encoder of the Hub, found no answer"):
        open_encoder("some/encoder")


def test_a_folder_without_weights(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="an encoder with safetensors weights"):
        open_encoder("empty")


def test_an_id_in_the_cache_beside_a_folder_of_its_organisation(tmp_path: Path):
    word = {"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
    static = StaticEmbedding(Tokenizer.from_str(json.dumps(word)), embedding_dim=4)
    cached, commit = tmp_path / "hub" / "models--some--encoder", "a" * 40
    SentenceTransformer(modules=[static], device="cpu").save_pretrained(
        str(cached / "snapshots" / commit), create_model_card=False
    )
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    (tmp_path / "some").mkdir()
    assert open_encoder("some/encoder", "cpu").get_embedding_dimension() == 4
