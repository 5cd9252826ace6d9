"""A model with pickled weights becomes one in safetensors, and a pickle with code is refused."""

import io
import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, MarianConfig, MarianMTModel

from hbir.commands.convert import convert as command
from hbir.core.errors import HbirError, ModelError, ParamsError
from hbir.core.hashing import folder_digest
from hbir.encoding.convert import convert
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import save_encoder
from hbir.encoding.presets import PRESETS
from tests.core.hub_server import Hub, files_of, point_at, serving
from tests.encoding.architectures import MAKERS
from tests.encoding.builder import make_params

pytestmark = pytest.mark.usefixtures("nowhere")


def pickled(folder: Path) -> Path:
    """Put the weights of a folder and of its modules into pickles."""
    for path in folder.rglob("*.safetensors"):
        torch.save(load_file(path), path.with_name("pytorch_model.bin"))
        path.unlink()
    return folder


def saved(name: str, target: str, **changes) -> str:
    save_encoder(initial_encoder(make_params(name=name, **changes), [], 1), Path(target))
    return folder_digest(Path(target))


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_encoder_comes_out(name):
    MAKERS[name](Path("models/published"))
    shutil.copytree("models/published", "models/pickled")
    convert(str(pickled(Path("models/pickled"))), Path("models/converted"))
    assert not list(Path("models/converted").rglob("*.bin"))
    for path in Path("models/published").rglob("*.json"):
        assert (
            Path("models/converted") / path.relative_to("models/published")
        ).read_bytes() == path.read_bytes()
    assert saved("models/published", "one") == saved("models/converted", "two")


def test_a_translation_model_keeps_all_of_its_weights():
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    tokens = {"vocab_size": 9, "pad_token_id": 8, "decoder_start_token_id": 8, "eos_token_id": 0}
    model = MarianMTModel(
        MarianConfig(d_model=8, max_position_embeddings=16, **sizes, **heads, **tokens)
    ).eval()
    model.model.shared.weight.data[3] = 5.0
    model.final_logits_bias.fill_(0.25)
    model.save_pretrained("published")
    Path("published/source.spm").write_bytes(b"pieces")
    torch.save(model.state_dict(), "published/pytorch_model.bin")
    Path("published/model.safetensors").unlink()
    convert("published/", Path("converted"))
    again = AutoModelForSeq2SeqLM.from_pretrained("converted", use_safetensors=True).eval()
    ids = torch.tensor([[1, 3, 0]])
    assert torch.equal(model(ids, decoder_input_ids=ids).logits, again(ids, decoder_input_ids=ids).logits)
    assert Path("converted/source.spm").read_bytes() == b"pieces"


def test_a_missing_weight_stays_missing():
    MAKERS["mbert"](Path("published"))
    weights = load_file("published/model.safetensors")
    torch.save({k: v for k, v in weights.items() if "decoder" not in k}, "published/pytorch_model.bin")
    Path("published/model.safetensors").unlink()
    convert("published/", Path("converted"))
    assert set(load_file("converted/model.safetensors")) <= set(weights)


def test_a_preset_of_the_hub_keeps_its_prompts(monkeypatch):
    MAKERS["bge-m3"](Path("published"))
    with serving(Hub()) as hub:
        point_at(hub.url, monkeypatch)
        sha = hub.push(PRESETS["bge-m3"].id, files_of(pickled(Path("published"))))
        result = CliRunner().invoke(command, ["bge-m3", "models/bge-m3"], catch_exceptions=False)
        assert not [path for path in hub.asked if path.endswith("sparse_linear.pt")]
    assert result.output == f"convert: bge-m3 at {sha} is in models/bge-m3, in safetensors\n"
    model = initial_encoder(make_params(name="models/bge-m3"), [], 1)
    assert model.prompts == {"query": "", "document": ""}
    assert model[1].pooling_mode == "cls"


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("place", ["pytorch_model.bin", "2_Dense/pytorch_model.bin"])
def test_a_pickle_with_code_is_refused_and_does_not_run(place):
    MAKERS["labse"](Path("published"))
    pickled(Path("published"))
    Path("published", place).write_bytes(pickle.dumps({"weight": Evil()}, protocol=2))
    with pytest.raises(ModelError, match="numbers alone, by name, found (posix|os).mkdir, which is code"):
        convert("published/", Path("converted"))
    assert not Path("ran").exists()
    assert not Path("converted").exists()


def test_a_folder_in_use_is_left_alone():
    MAKERS["mbert"](Path("published"))
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="mine: expected an empty folder, found one in use"):
        convert("published/", Path("mine"))
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


def test_a_model_without_weights():
    Path("empty").mkdir()
    with pytest.raises(ModelError, match=r"expected weights \(pytorch_model.bin\), found none"):
        convert("empty", Path("converted"))


def test_an_empty_folder_may_be_there_already():
    MAKERS["mbert"](Path("published"))
    Path("converted").mkdir()
    convert(str(pickled(Path("published"))), Path("converted"))
    assert Path("converted/model.safetensors").is_file()


def bert(**changes) -> Path:
    """Save a miniature with pickled weights, some keys of its config.json changed."""
    MAKERS["mbert"](Path("published"))
    config = Path("published/config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    return pickled(Path("published"))


def refused(text: str, kind: type[HbirError] = ModelError) -> None:
    with pytest.raises(kind, match=text):
        convert("published/", Path("converted"))
    assert not Path("converted").exists()


def test_every_weight_is_written():
    MAKERS["mbert"](Path("published"))
    held = load_file("published/model.safetensors")
    convert(str(pickled(Path("published"))), Path("converted"))
    written = load_file("converted/model.safetensors")
    assert written.keys() == held.keys()
    assert all(torch.equal(written[name], held[name]) for name in held)


@pytest.mark.parametrize("kind", ["bert", "trocr", "own"])
def test_code_that_comes_with_a_model_does_not_run(kind, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    auto = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoModelForMaskedLM": "own.Model"}
    folder = bert(auto_map=auto, model_type=kind, **({} if kind == "bert" else {"architectures": ["Own"]}))
    (folder / "own.py").write_text("import os\nos.mkdir('ran')\n")
    if kind == "bert":
        convert("published/", Path("converted"))
    else:  # of the second the library knows the configuration alone
        refused({"own": "found model_type own, whose code comes", "trocr": "expected weights that fit"}[kind])
    assert not Path("ran").exists()


@pytest.mark.parametrize("keep", ["tower", "layer.0"])
def test_weights_that_are_not_all_there(keep):
    held = torch.load(bert() / "pytorch_model.bin")
    weights = {f"tower.{n}": w for n, w in enumerate(held.values())}
    if keep == "layer.0":
        weights = {name: weight for name, weight in held.items() if "layer.1" not in name}
    torch.save(weights, "published/pytorch_model.bin")
    refused(r"expected all weights of BertForMaskedLM, found none of bert\..*, and \d+ more of that kind. Take")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([torch.ones(2)], "a list. Save the"),
        ({"state_dict": {"w": torch.ones(2)}, "epoch": 1}, "a dict with the keys state_dict, epoch. Save the"),
        ({}, "a dict with the keys . Save"),
    ],
)
@pytest.mark.parametrize("place", ["pytorch_model.bin", "2_Dense/pytorch_model.bin"])
def test_a_pickle_of_something_else(content, found, place):
    MAKERS["labse"](Path("published"))
    pickled(Path("published"))
    torch.save(content, Path("published", place))
    refused(f"pytorch_model.bin: expected pickled weights that hold numbers alone, by name, found {found}")


@pytest.mark.parametrize("legacy", [True, False])
def test_half_a_file(legacy):
    path = bert() / "pytorch_model.bin"
    torch.save(torch.load(path), path, _use_new_zipfile_serialization=not legacy)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(r"found what cannot be read \(\w+\). The file seems to be incomplete: download or copy it again")


def test_an_architecture_of_another_name_and_a_config_of_another_size():
    convert(str(bert(architectures=["pipeline"])), Path("converted"))
    assert Path("converted/model.safetensors").is_file()
    shutil.rmtree("converted")
    config = Path("published/config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"vocab_size": 9}))
    refused(r"found .*\[247, 16\]\) in place of .*\[9, 16\]\) of .*from one version of the model")
    config.write_text("{broken")
    refused("config.json: expected the JSON that a saved model has, found .*Download or copy that file again")


def test_names_and_revisions_that_lead_nowhere():
    with pytest.raises(ModelError, match=r"found 'labsee', and no such folder. Did you mean 'labse'\?"):
        convert("labsee", Path("converted"))
    with pytest.raises(ModelError, match="found tiny, which the stage `encoder` makes from scratch"):
        convert("tiny", Path("converted"))
    bert()
    with pytest.raises(ParamsError, match="--revision: expected null, .* found main for a folder"):
        convert("published/", Path("converted"), "main")


def test_an_adapter_is_no_model():
    (bert() / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    refused("found adapter_config.json, an addition to some/base. Merge it into its base model first")
