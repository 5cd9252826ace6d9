"""An encoder is found by a preset, an id of the Hub or a folder, or refused at once with a reason."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
    MarianConfig,
    MarianMTModel,
    PreTrainedModel,
    ViTConfig,
    ViTModel,
)

from hbir.commands.benchmark import benchmark
from hbir.commands.search import search
from hbir.core.errors import ModelError
from hbir.core.hashing import folder_digest
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, open_encoder, save_encoder
from hbir.encoding.origin import describe
from hbir.encoding.presets import PRESETS
from tests.core.hub_server import UNREACHABLE, Hub, files_of, point_at
from tests.encoding.architectures import (
    make_bge_m3,
    make_e5,
    make_labse,
    make_mbert,
)
from tests.encoding.builder import make_params

pytestmark = pytest.mark.usefixtures("nowhere")


@pytest.mark.parametrize(
    "name", ["models/hybrid", "./nothing", "/nothing", "~/nothing", "a/b/c", "two words/x", "models/a--b"]
)
def test_a_folder_that_is_not_there(name, tmp_path: Path):
    (tmp_path / "models").mkdir()
    with pytest.raises(ModelError, match="expected the folder of a model, found no") as raised:
        open_encoder(name)
    either = (
        "or run `dvc repro`, .*; if an id of the Hub is meant, fetch it first with `hf download models/hybrid`"
    )
    assert bool(re.search(either, str(raised.value))) == (name == "models/hybrid")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "labsee",
            r"a preset, an id of the Hub \(owner/name\) or the folder of a model, .* Did you mean 'labse'\?",
        ),
        ("XLM-Roberta-base", "Did you mean 'xlm-roberta-base'"),
        ("zzz", "found 'zzz', and no such folder. `python -m hbir encoders` lists the presets"),
        ("tiny", "found tiny, which the stage `encoder` makes from scratch"),
        ("some/encoder", "the model some/encoder of the Hub, found no answer"),
        ("labse", "the model sentence-transformers/LaBSE of the Hub, found no answer"),
    ],
)
def test_a_name_that_leads_nowhere(name, text):
    with pytest.raises(ModelError, match=f"model {name}: expected .*{text}"):
        open_encoder(name)


def test_an_unknown_name_in_params_says_where():
    with pytest.raises(ModelError, match=r"params.yaml: encoder.name: .* Did you mean 'mbert'"):
        initial_encoder(make_params(name="mberd"), [], 1)


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


def test_a_preset_of_the_hub_starts_at_one_commit_for_good(hub: Hub, tmp_path: Path, monkeypatch):
    make_labse(tmp_path / "published")
    files = files_of(tmp_path / "published")
    repo, params = PRESETS["labse"].id, make_params(name="labse")
    sha = hub.push(repo, files)

    def made(name: str) -> str:
        model = initial_encoder(params, [], 1)
        assert describe(model, params).revision == sha
        save_encoder(model, tmp_path / name)
        return folder_digest(tmp_path / name)

    first = made("first")
    other = load_file(tmp_path / "published/model.safetensors")
    save_file({key: value + 1 for key, value in other.items()}, tmp_path / "published/model.safetensors")
    hub.push(repo, files_of(tmp_path / "published"))
    point_at(hub.url, monkeypatch)
    assert made("moved") == first
    point_at(UNREACHABLE, monkeypatch)
    assert made("offline") == first
    assert str(tmp_path).encode() not in b"".join(files_of(tmp_path / "first").values())


def test_a_revision_is_taken(hub: Hub, tmp_path: Path):
    make_mbert(tmp_path / "published")
    files = files_of(tmp_path / "published")
    sha = hub.push("some/bert", files)
    hub.push("some/bert", {**files, "config.json": b"broken"})
    params = make_params(name="some/bert", revision=sha)
    assert describe(initial_encoder(params, [], 1), params).revision == sha


def test_a_preset_with_pickled_weights_shows_the_way_out(hub: Hub, tmp_path: Path):
    make_bge_m3(tmp_path / "published")
    (tmp_path / "published/model.safetensors").rename(tmp_path / "published/pytorch_model.bin")
    hub.push(PRESETS["bge-m3"].id, files_of(tmp_path / "published"))
    with pytest.raises(
        ModelError, match="bge-m3 in safetensors, .*`python -m hbir convert bge-m3 data/encoders/<name>`"
    ):
        initial_encoder(make_params(name="bge-m3"), [], 1)
    assert not [path for path in hub.asked if path.endswith(".bin")]


SMALL: dict[str, int] = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": 9}
OTHERS: list[tuple[type[PreTrainedModel], object, str]] = [
    (GPT2LMHeadModel, GPT2Config(n_embd=8, n_layer=1, n_head=1, vocab_size=9), "gpt2"),
    (BartForConditionalGeneration, BartConfig(**SMALL), "bart"),
    (MarianMTModel, MarianConfig(**SMALL, pad_token_id=0), "marian"),
    (ViTModel, ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1), "vit"),
]


@pytest.mark.parametrize(("kind", "config", "name"), OTHERS, ids=[name for _, _, name in OTHERS])
def test_what_is_no_encoder(kind, config, name, tmp_path: Path):
    kind(config).save_pretrained(tmp_path / "model")
    text = rf"expected a dense encoder, such as bert, .* found model_type {name} \({kind.__name__}\)\. Choose"
    with pytest.raises(ModelError, match=text):
        open_encoder("model/")


def test_a_folder_without_a_configuration(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="found neither modules.json nor config.json"):
        open_encoder("empty")


def test_weights_of_another_model_do_not_start_at_random(tmp_path: Path):
    make_mbert(tmp_path / "model")
    held = load_file(tmp_path / "model/model.safetensors")
    renamed = {f"tower.{number}": weight for number, weight in enumerate(held.values())}
    save_file(renamed, tmp_path / "model/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ModelError, match=r"all weights of its architecture, found no embeddings.* and \d+ others"
    ):
        open_encoder("model", "cpu")


CODE = "raise RuntimeError('code of the model ran')\n"


@pytest.mark.parametrize("form", ["config", "module"])
def test_code_of_a_model_needs_an_explicit_yes(form, hub: Hub, tmp_path: Path):
    folder = tmp_path / "published"
    make_labse(folder)
    (folder / "own.py").write_text(CODE)
    if form == "config":
        (folder / "modules.json").unlink()
        config = json.loads((folder / "config.json").read_text())
        own = {"AutoConfig": "own.Config", "AutoModel": "own.Model"}
        (folder / "config.json").write_text(json.dumps(config | {"model_type": "own", "auto_map": own}))
    else:
        modules = json.loads((folder / "modules.json").read_text())
        modules[0]["type"] = "own.Transformer"
        (folder / "modules.json").write_text(json.dumps(modules))
    sha = hub.push("some/own", files_of(folder))
    text = "whose code comes with the model. Read that code, then set `encoder.trust_remote_code: true`"
    with pytest.raises(ModelError, match=text):
        initial_encoder(make_params(name="some/own"), [], 1)
    assert not [path for path in hub.asked if path.endswith(".py")]
    trusted = make_params(name="some/own", trust_remote_code=True)
    for revision in (None, "main"):
        with pytest.raises(ModelError, match=f"Here it is {sha}: read the .py files of that commit"):
            initial_encoder(replace(trusted, revision=revision), [], 1)
    with pytest.raises(ModelError, match="code of the model ran"):
        initial_encoder(replace(trusted, revision=sha), [], 1)


def test_a_preset_is_opened_with_what_it_was_published_with(hub: Hub, tmp_path: Path):
    for name, make in (("multilingual-e5-base", make_e5), ("mbert", make_mbert)):
        make(tmp_path / name)
        hub.push(PRESETS[name].id, files_of(tmp_path / name))
    assert open_encoder("multilingual-e5-base", "cpu").prompts == {"query": "query: ", "document": "passage: "}
    assert open_encoder("mbert", "cpu").prompts == {"query": "", "document": ""}


@pytest.mark.parametrize(
    ("command", "arguments"), [(benchmark, ["cldr", "--model"]), (search, ["--corpus", "corpus.txt"])]
)
def test_commands_pass_the_explicit_yes_on(command, arguments, tmp_path: Path):
    make_labse(tmp_path / "model")
    (tmp_path / "model/own.py").write_text(CODE)
    modules = json.loads((tmp_path / "model/modules.json").read_text())
    modules[0]["type"] = "own.Transformer"
    (tmp_path / "model/modules.json").write_text(json.dumps(modules))
    (tmp_path / "corpus.txt").write_text("a passage\n")
    asked = [*arguments, "./model", *(["why?"] if command is search else [])]
    with pytest.raises(ModelError, match="found own.Transformer, whose code"):
        CliRunner().invoke(command, asked, catch_exceptions=False)
    with pytest.raises(ModelError, match="code of the model ran"):
        CliRunner().invoke(command, [*asked, "--trust-remote-code"], catch_exceptions=False)


def test_a_saved_folder_with_code_is_not_loaded_either(tmp_path: Path):
    make_labse(tmp_path / "model")
    modules = json.loads((tmp_path / "model/modules.json").read_text())
    modules[0]["type"] = "own.Transformer"
    (tmp_path / "model/modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="found own.Transformer, whose code"):
        load_encoder(tmp_path / "model")


def test_attention_is_chosen_or_refused(tmp_path: Path):
    make_labse(tmp_path / "model")
    model = load_encoder(tmp_path / "model", "cpu", attention="eager")
    assert model[0].model.config._attn_implementation == "eager"
    with pytest.raises(ModelError, match="expected a model that loads"):
        load_encoder(tmp_path / "model", "cpu", attention="none_of_these")
