"""What a model's files say of it is heeded, and a file that says nothing is named."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hbir.core.errors import ModelError
from hbir.core.hashing import folder_digest
from hbir.encoding.convert import convert
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import load_encoder, open_encoder, save_encoder
from hbir.encoding.presets import PROMPTS
from hbir.encoding.prompts import published_prompts
from tests.encoding.architectures import TEXTS, make_e5
from tests.encoding.builder import make_params

pytestmark = pytest.mark.usefixtures("nowhere")
ROOT = Path(__file__).parents[2]
ST_CONFIG = "config_sentence_transformers.json"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 17082660\n"


def edit(path: Path, **changes: Any) -> None:
    held = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in held.items() if value != "-"}))


def named(folder: Path, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / ST_CONFIG).write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"prompts": {"query": "q: ", "passage": "p: "}}, ("q: ", "p: ")),
        ({"prompts": {"query": "q: "}}, ("q: ", "")),
        ({"prompts": {"retrieval.query": "q: ", "retrieval.passage": "p: "}}, ("q: ", "p: ")),
        (
            {"prompts": {"query": "", "document": "", "search_query": "q: ", "search_document": "p: "}},
            ("q: ", "p: "),
        ),
        ({"prompts": {"web_search_query": "q: ", "sts_query": "s: "}}, ("q: ", "")),
        ({"prompts": {"s2p_query": "q: ", "s2s_query": "s: "}}, ("q: ", "")),
        ({"prompts": {"Query": "q: ", "Passage": "p: "}}, ("q: ", "p: ")),
        ({"prompts": {"all": "a: "}, "default_prompt_name": "all"}, ("a: ", "a: ")),
        ({"prompts": {"query": "", "document": ""}}, ("", "")),
        ({"prompts": {"classification": "c: "}}, None),
        ({"prompts": {}}, None),
        ({"prompts": None}, None),
        ({}, None),
    ],
)
def test_prompts_under_any_name(tmp_path: Path, config: dict[str, Any], expected: tuple[str, str] | None):
    prompts = published_prompts(named(tmp_path / "m", **config), "m")
    assert prompts == (None if expected is None else dict(zip(("query", "document"), expected, strict=True)))


def test_of_several_prompts_none_is_guessed(tmp_path: Path, caplog):
    prompts = {"first_query": "a: ", "second_query": "b: ", "doc": "p: "}
    assert published_prompts(named(tmp_path / "m", prompts=prompts), "m") == {"query": "", "document": "p: "}
    assert "which of its prompts first_query, second_query goes before queries is not clear" in caplog.text


def test_a_model_with_other_names_gets_its_prompts_in_scoring_and_training(tmp_path: Path, caplog):
    make_e5(tmp_path / "model")
    named(tmp_path / "model", prompts={"retrieval.query": "query: ", "retrieval.passage": "passage: "})
    with caplog.at_level(logging.INFO, "hbir"):
        model = open_encoder("model/", "cpu")
    assert "its prompt 'retrieval.query', 'query: ', goes before queries" in caplog.text
    start = initial_encoder(make_params(name="model/"), [], 1)
    for one in (model, start):
        assert (one.prompts["query"], one.prompts["document"]) == ("query: ", "passage: ")
    assert start.prompts != PROMPTS


def test_a_tokenizer_without_padding_pads_with_what_the_model_names(tmp_path: Path, caplog):
    save_encoder(initial_encoder(make_params(), TEXTS, 1), tmp_path / "model")
    expected = embed(open_encoder("model/", "cpu"), TEXTS, "query", 8)
    edit(tmp_path / "model/tokenizer_config.json", pad_token="-")
    edit(tmp_path / "model/tokenizer.json", padding=None)
    with caplog.at_level(logging.INFO, "hbir"):
        model = open_encoder("model/", "cpu")
    assert "its tokenizer names no padding, so '<pad>' is taken" in caplog.text
    assert np.array_equal(embed(model, TEXTS, "query", 8), expected)
    start = initial_encoder(make_params(name="model/"), [], 1)
    assert np.array_equal(embed(start, TEXTS, "query", 8), expected)
    edit(tmp_path / "model/config.json", pad_token_id=None)
    for name in ("eos_token", "unk_token"):
        edit(tmp_path / "model/tokenizer_config.json", **{name: "-"})
    with pytest.raises(ModelError, match="a token to pad with, found no `pad_token`, `eos_token`"):
        open_encoder("model/", "cpu")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_pointer_of_git_lfs_is_named(tmp_path: Path, file: str):
    make_e5(tmp_path / "model")
    (tmp_path / "model" / file).write_text(POINTER)
    text = f"expected the content of {file}, found a pointer of Git LFS, in 1 of its files. Run `git lfs pull`"
    for use in (
        lambda: open_encoder("model/", "cpu"),
        lambda: load_encoder(tmp_path / "model"),
        lambda: initial_encoder(make_params(name="model/"), [], 1),
        lambda: convert("model/", tmp_path / "converted"),
    ):
        with pytest.raises(ModelError, match=text):
            use()


def test_a_tokenizer_of_a_newer_version_is_named(tmp_path: Path):
    make_e5(tmp_path / "model")
    path = tmp_path / "model/tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["type"] = "FutureModel"
    path.write_text(json.dumps(content))
    (tmp_path / "model/sentencepiece.bpe.model").unlink()
    with pytest.raises(
        ModelError, match=r"expected a tokenizer.json that tokenizers [\d.]+ reads, found .*newer"
    ):
        open_encoder("model/", "cpu")


def test_a_model_that_cannot_run_is_one_line(tmp_path: Path):
    make_e5(tmp_path / "model")
    edit(tmp_path / "model/1_Pooling/config.json", word_embedding_dimension=99, embedding_dimension=99)
    edit(tmp_path / "model/config.json", max_position_embeddings=5)
    with pytest.raises(ModelError):
        open_encoder("model/", "cpu")


def test_trying_a_model_out_leaves_its_tokenizer_as_it_was(tmp_path: Path):
    make_e5(tmp_path / "model")
    save_encoder(open_encoder("model/", "cpu"), tmp_path / "once")
    held = json.loads((tmp_path / "once/tokenizer.json").read_text())
    assert (held["padding"], held["truncation"]) == (None, None)


def save_all(folder: Path, published: str) -> None:
    for name in ("tiny", "static", published):
        (folder / Path(name).name).mkdir(parents=True)
        save_encoder(initial_encoder(make_params(name=name), TEXTS, 1), folder / Path(name).name)


def test_no_environment_variable_reaches_what_is_saved(tmp_path: Path):
    """HF_HUB_OFFLINE once changed `local_files_only`, and all models were trained again."""
    make_e5(tmp_path / "e5")
    save_all(tmp_path / "plain", str(tmp_path / "e5"))
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "PYTHONHASHSEED")
    code = (
        "import sys; from pathlib import Path; from hbir.encoding.model import prepare_torch\n"
        "from tests.encoding.test_heeded import save_all\n"
        "prepare_torch(1); save_all(Path(sys.argv[1]), sys.argv[2])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "offline"), str(tmp_path / "e5")]
    subprocess.run(command, cwd=ROOT, env=os.environ | dict.fromkeys(names, "1"), check=True)
    assert folder_digest(tmp_path / "offline") == folder_digest(tmp_path / "plain")
    saved = json.loads((tmp_path / "offline/tiny/tokenizer_config.json").read_text())
    assert saved["local_files_only"] is False
