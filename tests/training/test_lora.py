"""Low-rank additions: where they stand, what is trained, and the plain model that is saved."""

import importlib.metadata
import importlib.util
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

from hbir.core.errors import HbirError, ParamsError, TrainingError
from hbir.encoding.model import load_encoder
from hbir.training.lora import merged, transformers
from hbir.training.params import LoraParams
from hbir.training.run import train
from hbir.training.trainable import prepare, trained_state, unused_poolers
from tests.training.conftest import LORA, TEXTS, Files, make_params, routed, weights
from tests.training.observers import Silent
from tests.training.running import embed


def test_additions_change_nothing_before_the_first_step(model: SentenceTransformer):
    before = model.encode_query(TEXTS)
    prepare(model, make_params(lora=LORA), 1)
    assert np.array_equal(model.encode_query(TEXTS), before)
    assert all("lora" in name for name, weight in model.named_parameters() if weight.requires_grad)


def test_additions_come_of_the_seed_alone(files: Files):
    drawn: list[torch.Tensor] = []
    for seed in (1, 1, 2):
        torch.rand(len(drawn))
        model = load_encoder(files.folder / "initial", device="cpu")
        state = torch.get_rng_state()
        prepare(model, make_params(lora=LORA), seed)
        assert torch.equal(torch.get_rng_state(), state)
        drawn.append(torch.cat([weight.flatten() for weight in trained_state(model).values()]))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_merged_encoder_is_the_trained_one_without_additions(model: SentenceTransformer):
    prepare(model, make_params(lora=LORA), 1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(generator=torch.Generator().manual_seed(1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    plain = merged(model)
    assert np.allclose(plain.encode_query(TEXTS), model.encode_query(TEXTS), atol=1e-5)
    assert not [name for name in plain.state_dict() if "lora" in name]
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_an_encoder_without_additions_is_saved_as_it_is(model: SentenceTransformer):
    assert merged(model) is model


def test_low_rank_training_saves_a_plain_model(files: Files, tmp_path: Path):
    record = train(files.job(tmp_path / "model", lora=LORA), Silent())
    initial, saved = weights(files.folder / "initial"), weights(tmp_path / "model")
    assert initial.keys() == saved.keys()
    assert not list((tmp_path / "model").rglob("adapter*"))
    changed = {name for name in saved if not torch.equal(saved[name], initial[name])}
    assert changed
    assert all(
        name.endswith(("dense.weight", "query.weight", "key.weight", "value.weight")) for name in changed
    )
    assert record.params["lora.rank"] == 2
    assert record.params["trainable_parameters"] == 448  # at rank 2: 4 layers of 16 x 16, 2 of 16 x 32
    assert record.params["parameters"] > record.params["trainable_parameters"]


def test_saving_a_merged_model_does_not_move_the_run(files: Files, tmp_path: Path):
    often, seldom = (
        train(
            files.job(
                tmp_path / str(every),
                lora=LORA,
                validation=replace(make_params().validation, every=every),
            ),
            Silent(),
        )
        for every in (1, 12)
    )
    assert often.curve.train == seldom.curve.train
    assert often.final == seldom.final


def test_rank_scale_and_dropout_are_those_of_the_params(files: Files):
    for rank, alpha, dropout in ((2, 1, 0.0), (3, 12, 0.25)):
        model = load_encoder(files.folder / "initial", device="cpu")
        prepare(
            model, make_params(lora=LoraParams(rank=rank, alpha=alpha, dropout=dropout, targets=["query"])), 1
        )
        layer = model.transformers_model.encoder.layer[0].attention.self.query
        dropped = [part.p for part in layer.modules() if isinstance(part, torch.nn.Dropout)]
        assert dropped == ([dropout] if dropout else [])
        state = trained_state(model)
        down, up = (next(t for n, t in state.items() if f"lora_{side}" in n) for side in "AB")
        assert (tuple(down.shape), tuple(up.shape)) == ((rank, 16), (16, rank))
        before = layer.get_base_layer().weight.clone()
        with torch.no_grad():
            up.fill_(0.5)
        after = merged(model).transformers_model.encoder.layer[0].attention.self.query.weight
        assert torch.allclose(after - before, alpha / rank * (up @ down), atol=1e-6)


@pytest.mark.parametrize("targets", [["pooler.dense"], ["query", "pooler.dense"]])
def test_a_pooler_that_no_embedding_comes_of_is_no_target(files: Files, tmp_path: Path, targets):
    with pytest.raises(TrainingError, match=r"train.lora: .*found pooler\.dense, whose output .* not use"):
        train(files.job(tmp_path / "model", lora=replace(LORA, targets=targets)), Silent())


@pytest.mark.parametrize("targets", ["all-linear", ["dense"]])
def test_poolers_are_left_out_of_wider_targets(model: SentenceTransformer, targets):
    prepare(model, make_params(lora=replace(LORA, targets=targets)), 1)
    added = {name.partition(".lora")[0] for name in trained_state(model)}
    assert len(added) == (6 if targets == "all-linear" else 3)
    assert not [name for name in added if "pooler" in name]


def test_every_transformer_behind_a_router_gets_additions(files: Files):
    model = routed(files)
    prepare(model, make_params(lora=LORA), 1)
    embed(model, TEXTS, "query", False).sum().backward()
    embed(model, TEXTS, "document", False).sum().backward()
    reached = {n: w.grad is not None for n, w in model.named_parameters() if w.requires_grad}
    assert len(reached) == 2 * 2 * 6
    assert all(reached.values())
    assert {name.split(".")[2] for name in reached} == {"query", "document"}
    drawn = [tensor for name, tensor in trained_state(model).items() if "lora_A" in name]
    assert not torch.equal(drawn[0], drawn[6])


def test_a_transformer_without_a_target_is_named(files: Files):
    model = routed(files)
    attention = transformers(model)[1].encoder.layer[0].attention.self
    attention.query = torch.nn.Sequential(OrderedDict(other=attention.query))
    with pytest.raises(TrainingError, match="a target in every transformer .*, found none in XLMRobertaModel"):
        prepare(model, make_params(lora=replace(LORA, targets=["other"])), 1)


def test_a_pooler_that_embeddings_come_of_is_used(model: SentenceTransformer):
    names = {id(weight): name for name, weight in model.named_parameters()}
    model.add_module("pooler", Dense(16, 16))
    unused = {names[id(weight)] for weight in unused_poolers(model, bf16=False)}
    assert unused == {name for name in names.values() if ".pooler." in name} != set()
    assert all(weight.grad is None for weight in model.parameters())


def test_named_layers_alone_get_additions(model: SentenceTransformer):
    prepare(model, make_params(lora=replace(LORA, targets=["query", "self.value"])), 1)
    named = {name.partition(".lora")[0].rpartition(".")[2] for name in trained_state(model)}
    assert named == {"query", "value"}


def test_a_layer_that_is_not_there_is_named_with_the_nearest(model: SentenceTransformer):
    with pytest.raises(ParamsError, match=r"train.lora.targets: .*found 'qeury'. Did you mean 'query'"):
        prepare(model, make_params(lora=replace(LORA, targets=["qeury"])), 1)


def test_a_missing_package_is_named_with_its_command(files: Files, tmp_path: Path, monkeypatch):
    finds, version = importlib.util.find_spec, importlib.metadata.version

    def lacking(name: str) -> str:
        if name == "peft":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "peft" else finds(n, *a))
    monkeypatch.setattr(importlib.metadata, "version", lacking)
    with pytest.raises(TrainingError, match=r"train.lora: .*the package peft.*pip install 'hbir\[lora\]'"):
        train(files.job(tmp_path / "model", lora=LORA), Silent())
    train(files.job(tmp_path / "model"), Silent())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"rank": 0}, "rank"),
        ({"alpha": 0}, "alpha"),
        ({"dropout": 1.0}, "dropout"),
        ({"targets": []}, "targets"),
        ({"targets": "all"}, "targets"),
        ({"ranks": 1}, "ranks.*Did you mean 'rank'"),
    ],
)
def test_a_wrong_value_is_named(changes: dict[str, Any], text: str):
    from hbir.core.params import validated

    right = {"rank": 16, "alpha": 32, "dropout": 0.05, "targets": "all-linear"}
    assert validated(LoraParams, right, "params.yaml: train.lora").alpha == 32
    with pytest.raises(HbirError, match=text):
        validated(LoraParams, right | changes, "params.yaml: train.lora")
