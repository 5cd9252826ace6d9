"""A name that is no encoder is refused at once, and says why."""

from pathlib import Path

import pytest

from hbir.core.errors import ModelError
from hbir.encoding.model import open_encoder


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["models/hybrid", "./nothing", "/nothing", "~/nothing", "a/b/c", "two words"])
def test_a_folder_that_is_not_there(name, tmp_path: Path):
    (tmp_path / "models").mkdir()
    with pytest.raises(ModelError, match="expected the folder of an encoder, found no"):
        open_encoder(name)


def test_an_id_without_network():
    with pytest.raises(ModelError, match="the encoder some/encoder of the Hub, found no answer"):
        open_encoder("some/encoder")


def test_a_folder_without_weights(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="an encoder with safetensors weights"):
        open_encoder("empty")
