"""What is trained of an encoder: frozen tables, layers computed twice; and which attention runs."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from hbir.core.errors import TrainingError
from hbir.encoding.model import load_encoder
from hbir.encoding.prompts import SIDES
from hbir.training import checks
from hbir.training.checks import require_installed
from hbir.training.lora import transformers
from hbir.training.optimizer import make_optimizer
from hbir.training.run import train
from hbir.training.trainable import prepare, sizes, trained_state
from tests.training.conftest import LORA, TEXTS, Files, make_params, routed, weights
from tests.training.observers import Silent
from tests.training.running import embed


def static() -> SentenceTransformer:
    words = {"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
    module = StaticEmbedding(Tokenizer.from_str(json.dumps(words)), embedding_dim=4)
    return SentenceTransformer(modules=[module], device="cpu")


def test_frozen_tables_stay_bit_for_bit(files: Files, tmp_path: Path):
    record = train(files.job(tmp_path / "model", freeze_embeddings=True), Silent())
    initial, saved = weights(files.folder / "initial"), weights(tmp_path / "model")
    tables = {name for name in saved if name.endswith("_embeddings.weight")}
    assert len(tables) == 3
    unused = {name for name in saved if "pooler" in name}
    same = {name for name in saved if torch.equal(saved[name], initial[name])}
    assert same == tables | unused
    frozen = sum(initial[name].numel() for name in same)
    assert record.params["parameters"] - record.params["trainable_parameters"] == frozen


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"freeze_embeddings": True}, "freeze_embeddings: .*found nothing else that could be trained"),
        ({"lora": LORA}, "train.lora: expected an encoder with a transformer"),
        ({"gradient_checkpointing": True}, "gradient_checkpointing: .*whose layers can be computed again"),
    ],
)
def test_token_embeddings_alone_leave_nothing_to_it(changes, text):
    with pytest.raises(TrainingError, match=text):
        prepare(static(), make_params(**changes), 1)


def test_the_optimizer_and_the_checkpoint_hold_what_is_trained(model: SentenceTransformer):
    params = make_params(lora=LORA)
    prepare(model, params, 1)
    groups = make_optimizer(model, params).param_groups
    held = {id(weight) for group in groups for weight in group["params"]}
    assert held == {id(weight) for weight in model.parameters() if weight.requires_grad}
    counted = sizes(model)["trainable_parameters"]
    assert sum(tensor.numel() for tensor in trained_state(model).values()) == counted


@pytest.mark.parametrize("changes", [{}, {"lora": LORA}, {"freeze_embeddings": True}, {"precision": "bf16"}])
def test_layers_computed_twice_give_the_same_gradients(files: Files, changes):
    gradients, calls = [], []
    for again in (False, True):
        params = make_params(gradient_checkpointing=again, **changes)
        model = load_encoder(files.folder / "initial", device="cpu")
        prepare(model, params, 1)
        model.train()
        count: list[int] = []
        layer = model.transformers_model.encoder.layer[0].attention
        layer.register_forward_hook(lambda *_, count=count: count.append(1))
        torch.manual_seed(3)
        embed(model, TEXTS, "query", params.precision == "bf16").square().sum(0)[0].backward()
        gradients.append({n: w.grad for n, w in model.named_parameters() if w.grad is not None})
        calls.append(len(count))
    assert calls[1] == 2 * calls[0]
    assert gradients[0].keys() == gradients[1].keys() != set()
    assert all(torch.equal(gradient, gradients[1][name]) for name, gradient in gradients[0].items())


@pytest.mark.parametrize("document", ["transformer", "static"])
def test_tables_behind_a_router_are_all_frozen(files: Files, document):
    model = routed(files, static() if document == "static" else None)
    prepare(model, make_params(freeze_embeddings=True), 1)
    frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    tables = [name for name in frozen if "pooler" not in name]
    sides = [name.split(".")[2] for name in tables]
    assert sides == ["query"] * 3 + ["document"] * (1 if document == "static" else 3)
    assert all("embedding" in name for name in tables)


def test_tables_that_a_model_does_not_name_cannot_be_frozen(model: SentenceTransformer, monkeypatch):
    def unsaid(_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(type(model.transformers_model), "get_input_embeddings", unsaid)
    with pytest.raises(TrainingError, match="freeze_embeddings: .*found XLMRobertaModel, which does not"):
        prepare(model, make_params(freeze_embeddings=True), 1)


def test_layers_behind_a_router_are_all_computed_twice(files: Files):
    model = routed(files)
    prepare(model, make_params(gradient_checkpointing=True), 1)
    model.train()
    for transformer, side in zip(transformers(model), SIDES, strict=True):
        count: list[int] = []
        layer = transformer.encoder.layer[0].attention
        layer.register_forward_hook(lambda *_, count=count: count.append(1))
        embed(model, TEXTS[:1], side, bf16=False).sum().backward()
        assert len(count) == 2


def test_flash_attention_says_what_it_lacks(files: Files, tmp_path: Path, monkeypatch):
    job = files.job(tmp_path / "model", attention="flash_attention_2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        TrainingError, match="flash_attention_2: expected a GPU, found none. Set train.attention"
    ):
        train(replace(job, initial=tmp_path / "nowhere"), Silent())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(checks, "is_flash_attn_2_available", lambda **_: False)
    with pytest.raises(TrainingError, match="`pip install flash-attn --no-build-isolation`"):
        require_installed(job.params)
    monkeypatch.setattr(checks, "is_flash_attn_2_available", lambda **_: True)
    with pytest.raises(TrainingError, match="expected train.precision auto or bf16, found fp32"):
        require_installed(replace(job.params, precision="fp32"))
    monkeypatch.setenv("FLASH_ATTENTION_DETERMINISTIC", "0")
    monkeypatch.delenv("FLASH_ATTENTION_DETERMINISTIC")
    require_installed(job.params)
    assert os.environ["FLASH_ATTENTION_DETERMINISTIC"] == "1"


@pytest.mark.parametrize("chosen", [None, "eager", "sdpa"])
def test_an_attention_that_runs_anywhere_is_not_refused(chosen):
    require_installed(make_params(attention=chosen))
