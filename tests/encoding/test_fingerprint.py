"""The fingerprint of an encoder follows everything that decides its embeddings, and nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Router, StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import open_encoder, prepare_torch, save_encoder
from tests.core.hub_server import alone
from tests.encoding.architectures import make_custom
from tests.encoding.builder import make_params


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    prepare_torch(1)
    folder = tmp_path_factory.mktemp("original")
    save_encoder(initial_encoder(make_params(), ["Which currency is used in Japan?"], 1), folder)
    return folder


@pytest.fixture
def folder(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def printed(name: Path | str) -> str:
    return encoder_fingerprint(open_encoder(str(name), "cpu"))


def test_the_place_of_a_model_does_not_count(original, folder, monkeypatch):
    hub = folder.parent / "hub"
    cached, commit = hub / "models--some--encoder", "a" * 40
    shutil.copytree(original, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    alone(folder.parent, monkeypatch)
    assert printed(original) == printed(folder) == printed("some/encoder")


def test_what_was_embedded_before_does_not_count(folder):
    model = open_encoder(str(folder), "cpu")
    before = encoder_fingerprint(model)
    model.encode(["yen", "a longer text " * 40])
    assert encoder_fingerprint(model) == before


def test_another_process_says_the_same(folder):
    code = "import sys; from hbir.encoding.fingerprint import encoder_fingerprint as f; "
    code += "from hbir.encoding.model import open_encoder as o; "
    code += "print(f(o(sys.argv[1], 'cpu')))"
    again = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == printed(folder)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("1_Pooling/config.json", {"pooling_mode": "cls"}),
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}),
        ("tokenizer_config.json", {"model_max_length": 20}),
        ("tokenizer_config.json", {"truncation_side": "left"}),
        ("sentence_bert_config.json", {"query_length": 20}),
        ("config.json", {"num_attention_heads": 4}),
        ("config.json", {"hidden_act": "relu"}),
        ("config_sentence_transformers.json", {"similarity_fn_name": "dot"}),
        ("config_sentence_transformers.json", {"prompts": {"query": "q: ", "document": "d: "}}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
    ],
)
def test_every_setting_counts(original, folder, file, changes):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert printed(folder) != printed(original)


def static(normalizer: normalizers.Normalizer) -> SentenceTransformer:
    tokenizer = Tokenizer(models.WordLevel({"yen": 0, "?": 1}, unk_token="?"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    module = StaticEmbedding(tokenizer, embedding_weights=torch.eye(2))
    return SentenceTransformer(modules=[module], device="cpu")


def test_static_embeddings(tmp_path):
    models = [static(kind) for kind in (normalizers.NFKC(), normalizers.NFKC(), normalizers.Lowercase())]
    models[0].save_pretrained(str(tmp_path), create_model_card=False)
    prints = [encoder_fingerprint(model) for model in models]
    assert prints[0] == prints[1] == printed(tmp_path)
    assert prints[2] != prints[0]


def test_routes_count_with_their_modules():
    def routed(activation: torch.nn.Module, default: str) -> str:
        torch.manual_seed(1)
        routes = {"query": [static(normalizers.NFKC())[0], Dense(2, 2, activation_function=activation)]}
        mappings = {("query", None): "query", ("document", None): "query"}
        router = Router(routes, default_route=default, route_mappings=mappings)
        return encoder_fingerprint(SentenceTransformer(modules=[router], device="cpu"))

    assert routed(torch.nn.Tanh(), "query") == routed(torch.nn.Tanh(), "query")
    assert routed(torch.nn.Tanh(), "query") != routed(torch.nn.ReLU(), "query")


def test_a_weight_without_dimensions(folder):
    model = open_encoder(str(folder), "cpu")
    prints = set()
    for scale in (1.0, 2.0):
        model.register_buffer("scale", torch.tensor(scale))
        prints.add(encoder_fingerprint(model))
    assert len(prints) == 2


def test_code_that_comes_with_a_model_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "code"))
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "model").mkdir()
    make_custom(tmp_path / "model")
    prints = {}
    for name, function in (("one", "tanh"), ("same", "tanh"), ("other", "relu")):
        shutil.copytree(tmp_path / "model", tmp_path / name)
        code = tmp_path / name / "modeling_toy.py"
        code.write_text(code.read_text().replace("torch.tanh(", f"torch.{function}("))
        model = open_encoder(str(tmp_path / name), "cpu", trust_remote_code=True)
        prints[name] = encoder_fingerprint(model)
    assert prints["one"] == prints["same"] != prints["other"]
