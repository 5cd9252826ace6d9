"""What is trained of an encoder: low-rank additions, frozen tables, layers computed twice."""

import importlib.util
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from hbir.core.errors import HbirError, ParamsError, TrainingError
from hbir.encoding.model import load_encoder
from hbir.training import attention
from hbir.training.attention import require_attention
from hbir.training.fingerprint import fingerprint, run_params
from hbir.training.forward import embed
from hbir.training.lora import merged
from hbir.training.observer import Silent
from hbir.training.optimisation import make_optimizer
from hbir.training.params import LoraParams
from hbir.training.run import train
from hbir.training.trainable import prepare, sizes, trained_state
from tests.training.conftest import LORA, Files, make_params

TEXTS = ["aa which number", "bb the number 3 comes of 1", "cc"]


@pytest.fixture
def model(files: Files) -> SentenceTransformer:
    return load_encoder(files.folder / "initial", device="cpu")


def static() -> SentenceTransformer:
    words = {"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
    module = StaticEmbedding(Tokenizer.from_str(json.dumps(words)), embedding_dim=4)
    return SentenceTransformer(modules=[module], device="cpu")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    return loaded


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
    told = train(files.job(tmp_path / "model", lora=LORA), Silent())
    initial, saved = weights(files.folder / "initial"), weights(tmp_path / "model")
    assert initial.keys() == saved.keys()
    assert not list((tmp_path / "model").rglob("adapter*"))
    changed = {name for name in saved if not torch.equal(saved[name], initial[name])}
    assert changed
    assert all(
        name.endswith(("dense.weight", "query.weight", "key.weight", "value.weight")) for name in changed
    )
    assert told["params"]["lora.rank"] == 2
    assert told["params"]["trainable_parameters"] == 512  # 6 used layers and the pooler, at rank 2
    assert told["params"]["parameters"] > told["params"]["trainable_parameters"]


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
    assert often["curve"]["train"] == seldom["curve"]["train"]
    assert often["final"] == seldom["final"]


def test_named_layers_alone_get_additions(model: SentenceTransformer):
    prepare(model, make_params(lora=replace(LORA, targets=["query", "self.value"])), 1)
    named = {name.partition(".lora")[0].rpartition(".")[2] for name in trained_state(model)}
    assert named == {"query", "value"}


def test_a_layer_that_is_not_there_is_named_with_the_nearest(model: SentenceTransformer):
    with pytest.raises(ParamsError, match=r"train.lora.targets: .*found 'qeury'. Did you mean 'query'"):
        prepare(model, make_params(lora=replace(LORA, targets=["qeury"])), 1)


def test_a_missing_package_is_named_with_its_command(model: SentenceTransformer, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TrainingError, match=r"the package peft.*pip install 'hbir\[lora\]'"):
        prepare(model, make_params(lora=LORA), 1)


def test_frozen_tables_stay_bit_for_bit(files: Files, tmp_path: Path):
    told = train(files.job(tmp_path / "model", freeze_embeddings=True), Silent())
    initial, saved = weights(files.folder / "initial"), weights(tmp_path / "model")
    tables = {name for name in saved if name.endswith("_embeddings.weight")}
    assert len(tables) == 3
    unused = {name for name in saved if "pooler" in name}
    same = {name for name in saved if torch.equal(saved[name], initial[name])}
    assert same == tables | unused
    frozen = sum(initial[name].numel() for name in tables)
    assert told["params"]["parameters"] - told["params"]["trainable_parameters"] == frozen


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
    groups = make_optimizer(model, params, params.xx).param_groups
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


def test_flash_attention_says_what_it_lacks(files: Files, tmp_path: Path, monkeypatch):
    job = files.job(tmp_path / "model", attention="flash_attention_2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        TrainingError, match="flash_attention_2: expected a GPU, found none. Set train.attention"
    ):
        train(replace(job, initial=tmp_path / "nowhere"), Silent())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda **_: False)
    with pytest.raises(TrainingError, match="`pip install flash-attn --no-build-isolation`"):
        require_attention(job.params)
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda **_: True)
    with pytest.raises(TrainingError, match="expected train.precision auto or bf16, found fp32"):
        require_attention(replace(job.params, precision="fp32"))
    monkeypatch.setenv("FLASH_ATTENTION_DETERMINISTIC", "0")
    monkeypatch.delenv("FLASH_ATTENTION_DETERMINISTIC")
    require_attention(job.params)
    assert os.environ["FLASH_ATTENTION_DETERMINISTIC"] == "1"


@pytest.mark.parametrize("chosen", [None, "eager", "sdpa"])
def test_an_attention_that_runs_anywhere_is_not_refused(chosen):
    require_attention(make_params(attention=chosen))


def test_the_packages_version_counts_where_it_is_used(files: Files, monkeypatch):
    def prints() -> list[str]:
        plan, pairs, initial = (files.folder / name for name in ("xx.parquet", "pairs.parquet", "initial"))
        chosen = [run_params(make_params(lora=lora), "xx") for lora in (None, LORA)]
        return [fingerprint(params, 1, plan, pairs, initial) for params in chosen]

    real = importlib.metadata.version
    before = prints()
    monkeypatch.setattr(importlib.metadata, "version", lambda n: "0" if n == "peft" else real(n))
    after = prints()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    assert before[0] != before[1]


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
