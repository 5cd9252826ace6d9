"""Features that are made from token ids are those that the library makes of the texts."""

import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from hbir.encoding.model import features, load_encoder
from hbir.encoding.prompts import SIDES
from hbir.training.fingerprint import tokens_name
from hbir.training.inputs import TextInputs, TokenInputs, make_inputs
from hbir.training.layout import Layout, find_layout, split
from tests.training.conftest import TEXTS, Files, routed
from tests.training.running import pair_texts
from tests.training.test_trainable import static

LONG = ["aa which number " * 30, "a", *TEXTS]


def prompted(files: Files) -> SentenceTransformer:
    model = load_encoder(files.folder / "initial", device="cpu")
    model.prompts = {"query": "query: ", "document": "passage: "}
    return model


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return left.keys() == right.keys() and all(
        torch.equal(value, right[name]) if isinstance(value, torch.Tensor) else value == right[name]
        for name, value in left.items()
    )


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["plain", "prompted", "routed", "static", "left"])
def test_features_of_ids_are_those_of_texts(files: Files, kind: str, side):
    model = {"plain": lambda: load_encoder(files.folder / "initial", device="cpu"), "static": static}.get(
        kind, lambda: routed(files) if kind == "routed" else prompted(files)
    )()
    if kind == "left":
        model.tokenizer.padding_side = "left"
    layout = find_layout(model, side, LONG)
    assert layout is not None
    assert layout.left == (kind == "left")
    rows = split(features(model, LONG, side))
    for chosen in ([0], [1, 2], [4, 3, 1]):
        assert same(layout.join([rows[i] for i in chosen]), features(model, [LONG[i] for i in chosen], side))


def test_an_encoder_that_takes_more_than_ids_reads_texts_each_time(files: Files, tmp_path: Path, monkeypatch):
    model = load_encoder(files.folder / "initial", device="cpu")
    real = type(model).preprocess
    monkeypatch.setattr(
        type(model), "preprocess", lambda *a, **k: real(*a, **k) | {"pixel_values": torch.zeros(1)}
    )
    inputs = make_inputs(model, pair_texts(TEXTS, TEXTS), tmp_path / "tokens")
    assert isinstance(inputs, TextInputs)
    assert not (tmp_path / "tokens").exists()


def test_ids_that_depend_on_the_neighbours_are_not_kept(files: Files, monkeypatch):
    model = load_encoder(files.folder / "initial", device="cpu")
    real = type(model).preprocess

    def spoilt(self, texts, **named):
        read = real(self, texts, **named)
        read["input_ids"][0, 0] += len(texts) > 1
        return read

    monkeypatch.setattr(type(model), "preprocess", spoilt)
    assert find_layout(model, "query", LONG) is None


@given(st.lists(st.lists(st.integers(2, 9), min_size=1, max_size=6), min_size=1, max_size=5), st.booleans())
@settings(max_examples=50)
def test_apart_and_together_again(rows: list[list[int]], left: bool):
    layout = Layout(flat=False, pad=1, left=left, types=True, flags={"modality": "text"})
    back = split(layout.join([np.array(row, dtype=np.int32) for row in rows]))
    assert [row.tolist() for row in back] == rows


def test_queries_and_passages_share_a_forward_pass_only_where_they_are_treated_alike(
    files: Files, tmp_path: Path
):
    texts = pair_texts(TEXTS, TEXTS)
    plain, routing, cutting = prompted(files), routed(files), prompted(files)
    cutting[1].include_prompt = False
    inputs = [make_inputs(model, texts, tmp_path / str(i)) for i, model in enumerate((plain, routing, cutting))]
    assert [each.mixes for each in inputs] == [True, False, False]
    assert isinstance(inputs[0], TokenInputs)
    assert "prompt_length" not in inputs[0].layouts["query"].flags
    assert isinstance(inputs[2], TokenInputs)
    assert inputs[2].layouts["query"].flags["prompt_length"] > 0


def test_texts_are_tokenised_once(files: Files, tmp_path: Path, monkeypatch):
    texts = pair_texts([f"aa {n}" for n in range(50)], [f"the number {n}" for n in range(50)])
    first = make_inputs(prompted(files), texts, tmp_path / "tokens")
    monkeypatch.setattr("hbir.training.tokens._tokenise", None)
    again = make_inputs(prompted(files), texts, tmp_path / "tokens")
    rows = np.array([49, 0, 7])
    for side in SIDES:
        assert isinstance(first, TokenInputs)
        assert isinstance(again, TokenInputs)
        taken = [[inputs.tokens[side].take(row).tolist() for row in rows] for inputs in (first, again)]
        assert taken[0] == taken[1]
        assert first.lengths(side, rows).tolist() == [len(ids) for ids in taken[0]]


@pytest.mark.parametrize("name", ["query.ids", "document.ends", "query.used.npy"])
@pytest.mark.parametrize("left", [0, 7])
def test_damaged_token_ids_are_made_again(files: Files, tmp_path: Path, name: str, left: int):
    texts = pair_texts([f"aa {n}" for n in range(50)], [f"the number {n}" for n in range(50)])
    make_inputs(prompted(files), texts, tmp_path / "tokens")
    whole = (tmp_path / "tokens" / name).read_bytes()
    (tmp_path / "tokens" / name).write_bytes(whole[:left])
    make_inputs(prompted(files), texts, tmp_path / "tokens")
    assert (tmp_path / "tokens" / name).read_bytes() == whole


def test_what_decides_token_ids_names_them(files: Files, tmp_path: Path, monkeypatch):
    pairs, initial = files.folder / "pairs.parquet", files.folder / "initial"
    names = {
        tokens_name(pairs, initial),
        tokens_name(pairs, initial),
        tokens_name(initial / "config.json", initial),
    }
    assert len(names) == 2
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "another")
    names.add(tokens_name(pairs, initial))
    assert len(names) == 3
    monkeypatch.undo()
    shutil.copytree(initial, tmp_path / "initial")
    (tmp_path / "initial/tokenizer_config.json").write_text("{}")
    names.add(tokens_name(pairs, tmp_path / "initial"))
    assert len(names) == 4


def test_texts_of_one_length_do_not_show_what_fills_up(files: Files, tmp_path: Path):
    model = load_encoder(files.folder / "initial", device="cpu")
    assert find_layout(model, "query", ["a", "a"]) is None
    same = pair_texts(["a"] * 20, ["a"] * 20)
    inputs = make_inputs(model, same, tmp_path / "tokens")
    assert isinstance(inputs, TokenInputs)
    assert inputs.layouts["query"].pad == model.tokenizer.pad_token_id


def test_every_id_that_occurs_is_known(files: Files, tmp_path: Path):
    texts = pair_texts(LONG, LONG[::-1])
    inputs = make_inputs(prompted(files), texts, tmp_path / "tokens")
    assert isinstance(inputs, TokenInputs)
    for side in SIDES:
        rows = split(features(prompted(files), texts.texts(side, slice(0, len(LONG))), side))
        assert inputs.tokens[side].used.tolist() == sorted(set(np.concatenate(rows).tolist()))


@pytest.mark.parametrize("kind", ["prompted", "routed", "left", "slow", "other ids"])
def test_all_ids_are_those_that_the_library_makes(files: Files, tmp_path: Path, monkeypatch, kind: str):
    """In the first block and in the later ones, whether they are tokenised directly or through its features."""
    monkeypatch.setattr("hbir.training.tokens._BLOCK", 2)
    model = routed(files) if kind == "routed" else prompted(files)
    if kind == "left":
        model.tokenizer.padding_side = "left"
    if kind == "slow":
        monkeypatch.setattr("hbir.training.tokens.Tokenizer", str)
    if kind == "other ids":
        monkeypatch.setattr("hbir.training.tokens._encoded", lambda *_: [np.zeros(1, dtype=np.int32)] * 2)
    inputs = make_inputs(model, pair_texts(LONG, LONG[::-1]), tmp_path / "tokens")
    state = model.tokenizer.backend_tokenizer.to_str()
    make_inputs(model, pair_texts(LONG, LONG[::-1]), tmp_path / "tokens")
    assert model.tokenizer.backend_tokenizer.to_str() == state  # as it is saved, whoever tokenised
    assert isinstance(inputs, TokenInputs)
    for side, texts in zip(SIDES, (LONG, LONG[::-1]), strict=True):
        expected = [ids.tolist() for ids in split(features(model, texts, side))]
        assert [inputs.tokens[side].take(row).tolist() for row in range(len(texts))] == expected
