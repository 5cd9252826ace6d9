"""Folders of models: settings, tokenizers and weights, one file of them spoilt at a time."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from hbir.encoding.model import load_encoder, open_encoder
from tests.encoding.architectures import make_labse
from tests.fuzz.harness import as_json, changed, damaged, faulty, fuzz, survives

SETTINGS = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
    "2_Dense/config.json",
)
WEIGHTS = ("model.safetensors", "2_Dense/model.safetensors")
HEAD = 8
"""Bytes of a safetensors file that say how long its head is."""
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="session")
def whole(place: Path) -> Path:
    """An encoder as the Hub has it, in small, which loads."""
    folder = place / "whole-model"
    make_labse(folder)
    return folder


def spoil(whole: Path, name: str, content: bytes) -> Path:
    """Copy the model, but for one file."""
    folder = whole.with_name("spoilt-model")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    (folder / name).write_bytes(content)
    return folder


def loaded(folder: Path) -> None:
    load_encoder(folder, "cpu")


def opened(folder: Path) -> None:
    open_encoder(str(folder), "cpu")


READERS = {"load": loaded, "open": opened}


@pytest.mark.parametrize("how", READERS)
def test_a_whole_model_is_read(whole: Path, how: str):
    assert survives(READERS[how], whole)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sentence_bert_config.json", {"max_seq_length": []}),
        ("config.json", {"model_type": []}),
        ("config.json", {"model_type": "bert", "num_hidden_layers": 10**30}),
        (
            "modules.json",
            [{"idx": 0, "name": "0", "path": "a" * 300, "type": "sentence_transformers.models.X"}],
        ),
    ],
)
@pytest.mark.parametrize("how", READERS)
def test_what_was_a_traceback_or_had_no_end_is_refused(whole: Path, how: str, name: str, found: Any):
    assert not survives(READERS[how], spoil(whole, name, as_json(found)))


@pytest.mark.parametrize("name", SETTINGS)
@fuzz(st.data())
def test_settings(whole: Path, name: str, data: st.DataObject):
    content = (whole / name).read_bytes()
    other = changed(json.loads(content)).map(as_json)
    written = data.draw(st.one_of(other, other, other.flatmap(damaged), damaged(content)))
    folder = spoil(whole, name, written)
    survives(READERS[data.draw(st.sampled_from(sorted(READERS)))], folder)


@fuzz(st.data())
def test_tokenizers(whole: Path, data: st.DataObject):
    content = (whole / "tokenizer.json").read_bytes()
    by_key = changed(json.loads(content)).map(as_json)
    folder = spoil(whole, "tokenizer.json", data.draw(st.one_of(by_key, damaged(content))))
    survives(opened, folder)


@pytest.mark.parametrize("name", WEIGHTS)
@fuzz(st.data())
def test_weights(whole: Path, name: str, data: st.DataObject):
    content = (whole / name).read_bytes()
    end = HEAD + int.from_bytes(content[:HEAD], "little")

    def with_head(head: bytes) -> bytes:
        return len(head).to_bytes(HEAD, "little") + head + content[end:]

    by_key = changed(json.loads(content[HEAD:end])).map(as_json).map(with_head)
    folder = spoil(whole, name, data.draw(st.one_of(by_key, faulty(st.just(content)))))
    survives(opened, folder)
