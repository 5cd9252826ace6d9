"""What is broken, half there or another kind of thing is refused with a reason, not loaded at random."""

import json
import logging
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from hbir.commands.benchmark import benchmark
from hbir.commands.search import search
from hbir.core.errors import ModelError
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import open_encoder
from hbir.encoding.presets import PRESETS
from hbir.encoding.sources import find_source
from tests.core.hub_server import Hub, files_of
from tests.encoding.architectures import make_e5, make_labse, make_mbert, make_mt5, make_xlm_roberta
from tests.encoding.builder import make_params

pytestmark = pytest.mark.usefixtures("nowhere")


def changed(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_half_of_the_layers_do_not_start_at_random(tmp_path: Path):
    make_mbert(tmp_path / "model")
    path = tmp_path / "model/model.safetensors"
    held = load_file(path)
    save_file({k: v for k, v in held.items() if "layer.1" not in k}, path, metadata={"format": "pt"})
    text = "expected all weights of its architecture, found no encoder.layer.1.* and 15 others, which would"
    for load in (
        lambda: open_encoder("model/", "cpu"),
        lambda: initial_encoder(make_params(name="model/"), [], 1),
    ):
        with pytest.raises(ModelError, match=text):
            load()


def test_weights_under_their_older_names_are_weights(tmp_path: Path):
    make_mbert(tmp_path / "model")
    expected = embed(open_encoder("model/", "cpu"), ["which number"], "query", 1)
    path = tmp_path / "model/model.safetensors"
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    older = {k: next((k.replace(a, b) for a, b in names.items() if a in k), k) for k in load_file(path)}
    save_file({older[k]: v for k, v in load_file(path).items()}, path, metadata={"format": "pt"})
    assert np.array_equal(embed(open_encoder("model/", "cpu"), ["which number"], "query", 1), expected)


def test_an_encoder_is_opened_twice_with_the_same_weights_and_leaves_the_generator_alone(tmp_path: Path):
    make_xlm_roberta(tmp_path / "model")  # without a pooler
    prints = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        prints.append(encoder_fingerprint(open_encoder("model/", "cpu")))
        drawn = torch.rand(1)
        torch.manual_seed(seed)
        assert torch.equal(drawn, torch.rand(1))
    assert prints[0] == prints[1]


@pytest.mark.parametrize("place", ["", "0_Transformer"])
def test_an_adapter_alone_or_beside_a_model(place, tmp_path: Path):
    make_labse(tmp_path / "model")
    (tmp_path / "model" / place).mkdir(exist_ok=True)
    (tmp_path / "model" / place / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    modules = json.loads((tmp_path / "model/modules.json").read_text())
    modules[0]["path"] = place
    (tmp_path / "model/modules.json").write_text(json.dumps(modules))
    text = "expected a whole model, found adapter_config.json, an addition to some/base. Merge it into its base"
    with pytest.raises(ModelError, match=text):
        open_encoder("model/")


@pytest.mark.parametrize("make", [make_mbert, make_labse, make_xlm_roberta, make_mt5])
def test_a_folder_without_a_tokenizer(make, tmp_path: Path):
    make(tmp_path / "model")
    for name in ("tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model", "spiece.model"):
        (tmp_path / "model" / name).unlink(missing_ok=True)
    with pytest.raises(
        ModelError, match="expected a tokenizer .* found no such file, so that every word would be"
    ):
        open_encoder("model/")


def test_a_tokenizer_of_more_tokens_than_have_an_embedding(tmp_path: Path):
    sizes = {"vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    make_mbert(tmp_path / "model")
    BertModel(BertConfig(**sizes)).save_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match=r"a tokenizer of at most 60 tokens, .* found one of \d+\. Copy"):
        open_encoder("model/", "cpu")


def test_a_decoder_of_an_encoders_kind(tmp_path: Path):
    make_mbert(tmp_path / "model")
    changed(tmp_path / "model/config.json", is_decoder=True)
    with pytest.raises(ModelError, match=r"expected a dense encoder, .* found a decoder \(is_decoder: true"):
        open_encoder("model/")


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_another_repository(file, tmp_path: Path):
    make_mbert(tmp_path / "model")
    changed(tmp_path / f"model/{file}", auto_map={"AutoModel": ["some/code--own.Model", None]})
    with pytest.raises(
        ModelError, match="code that lies beside the model, found own.Model of another repository, some"
    ):
        open_encoder("model/", "cpu", trust_remote_code=True)


def test_a_module_with_code_of_its_own_architecture(tmp_path: Path):
    make_labse(tmp_path / "model")
    changed(tmp_path / "model/config.json", model_type="own", auto_map={"AutoModel": "own.Model"})
    with pytest.raises(ModelError, match="found model_type own, whose code comes with the model"):
        open_encoder("model/")


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("modules.json", '[{"idx": 0}]', "modules.json: expected the JSON .* found a module without `type`"),
        ("modules.json", "{}", "modules.json: .* found no list of modules"),
        ("config.json", "[]", "config.json: expected the JSON that a saved model has, found a list"),
        ("config.json", "{broken", "config.json: .*Download or copy that file again"),
        (
            "config_sentence_transformers.json",
            "{broken",
            "a model that loads|config_sentence_transformers.json: ",
        ),
    ],
)
def test_broken_files(file, text, found, tmp_path: Path):
    make_labse(tmp_path / "model")
    (tmp_path / "model" / file).write_text(text)
    with pytest.raises(ModelError, match=found) as raised:
        open_encoder("model/", "cpu")
    assert "dvc repro" not in str(raised.value)
    assert "hbir convert" not in str(raised.value)


def test_a_preset_by_its_id_is_that_preset(hub: Hub, tmp_path: Path):
    make_e5(tmp_path / "published")
    preset = PRESETS["multilingual-e5-base"]
    hub.push(preset.id, files_of(tmp_path / "published"))
    assert initial_encoder(make_params(name=preset.id), [], 1).prompts == preset.prompts
    assert open_encoder(preset.id, "cpu").prompts == preset.prompts
    make_mbert(tmp_path / preset.id)  # which the name of a preset passes over, and its id does not
    assert find_source("multilingual-e5-base", None, "model").revision
    assert find_source(preset.id, None, "model") == (Path(preset.id), "", None)


def test_prompts_that_are_given_and_prompts_that_are_missing(tmp_path: Path, caplog):
    make_e5(tmp_path / "model")
    with caplog.at_level(logging.INFO, "hbir"):
        assert open_encoder("model/", "cpu", prompts={"query": "query: ", "document": None}).prompts == {
            "query": "query: ",
            "document": "",
        }
        assert not caplog.messages
        open_encoder("model/", "cpu")
    assert caplog.messages == ["model/: no prompts before queries and passages"]


@pytest.mark.parametrize("command", [benchmark, search])
def test_commands_pass_prompts_on(command, tmp_path: Path, monkeypatch):
    given = {}

    def opened(name: str, *_: object, **settings: object) -> None:
        given.update(settings)
        raise ModelError(where=name, expected="a", found="b", hint="c")

    make_e5(tmp_path / "model")
    (tmp_path / "corpus.txt").write_text("a passage\n")
    monkeypatch.setattr("hbir.encoding.model.open_encoder", opened)
    first = (
        ["cldr", "--model", "./model"]
        if command is benchmark
        else ["./model", "why?", "--corpus", "corpus.txt"]
    )
    with pytest.raises(ModelError):
        CliRunner().invoke(
            command, [*first, "--query-prompt", "q: ", "--document-prompt", ""], catch_exceptions=False
        )
    assert given["prompts"] == {"query": "q: ", "document": ""}


def test_weights_that_are_no_numbers(tmp_path: Path):
    make_e5(tmp_path / "model")
    path = tmp_path / "model/model.safetensors"
    held = {name: weight.clone() for name, weight in load_file(path).items()}
    held["embeddings.word_embeddings.weight"].fill_(float("nan"))
    save_file(held, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="expected finite numbers, found NaN or infinity for 2 of 2 texts"):
        embed(open_encoder("model/", "cpu"), ["a", "b"], "query", 2)


def test_a_held_commit_without_safetensors_is_named(hub: Hub, tmp_path: Path):
    make_mbert(tmp_path / "published")
    files = files_of(tmp_path / "published")
    old = {("pytorch_model.bin" if name == "model.safetensors" else name): data for name, data in files.items()}
    sha = hub.push("some/bert", old)
    huggingface_hub.hf_hub_download("some/bert", "config.json")
    hub.push("some/bert", files)
    with pytest.raises(
        ModelError, match=f"found none at commit {sha}. .* remove its line from .hbir/revisions.json"
    ):
        open_encoder("some/bert")
