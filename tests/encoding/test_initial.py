"""The starting point has the prompts, lengths, pooling and similarity that were asked for, and keeps them."""

import json
import shutil
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Router
from transformers import GPT2Config, GPT2Model

from hbir.core.errors import ModelError, ParamsError
from hbir.core.hashing import folder_digest
from hbir.core.params import validated
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import features, load_encoder, open_encoder, prepare_torch, save_encoder
from hbir.encoding.origin import describe
from hbir.encoding.params import EncoderParams, PromptParams
from hbir.encoding.prompts import SIDES
from hbir.encoding.settings import positions
from tests.encoding.architectures import MAKERS, TEXTS
from tests.encoding.builder import make_params

LONG = " ".join(TEXTS[:8])
PAPER = {"query": "Query: ", "document": "Passage: "}


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    prepare_torch(1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    root: Path = tmp_path_factory.mktemp("models")
    for name, make in MAKERS.items():
        (root / name).mkdir()
        make(root / name)
    return root


def made(folder: Path | str, texts: tuple[str, ...] = (), **changes: Any) -> SentenceTransformer:
    return initial_encoder(make_params(name=str(folder), **changes), texts, 1)


@pytest.mark.parametrize("name", ["tiny", "static", *MAKERS])
def test_a_saved_encoder_is_a_plain_one_that_truncates_and_prompts_the_same(name, folders, tmp_path: Path):
    place = name if name in ("tiny", "static") else folders / name
    prompts = PromptParams(query="ask: ", document="say: ")
    limits = [30, 30] if name == "static" else [12, 30]
    changes: dict[str, Any] = {"max_query_tokens": limits[0], "max_passage_tokens": 30, "prompts": prompts}
    save_encoder(made(place, tuple(TEXTS), **changes), tmp_path / "saved")
    plain = SentenceTransformer(str(tmp_path / "saved"), device="cpu")
    loaded = load_encoder(tmp_path / "saved", "cpu")
    texts = [LONG, "which number", ""]
    assert plain.prompts == {"query": "ask: ", "document": "say: "}
    for side, run in zip(SIDES, (plain.encode_query, plain.encode_document), strict=True):
        assert np.array_equal(run(texts), embed(loaded, texts, side, 32))
    widths = [features(loaded, [LONG], side)["input_ids"].shape[-1] for side in SIDES]
    assert widths == limits


@cache
def short_tiny() -> SentenceTransformer:
    return made("tiny", tuple(TEXTS), max_query_tokens=10, max_passage_tokens=20)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.sampled_from(SIDES))
def test_features_are_what_encode_query_and_encode_document_feed(texts, side):
    model = short_tiny()
    run = model.encode_query if side == "query" else model.encode_document
    with torch.inference_mode():
        rows = model(features(model, texts, side), task=side)["sentence_embedding"]
    # All of them in one batch, sorted by length there and not here.
    assert np.allclose(run(texts, batch_size=8), rows.numpy(), atol=1e-6)


def test_features_follow_a_router(tmp_path: Path):
    routes = {"query": [made("static", tuple(TEXTS))[0]], "document": [made("static", tuple(TEXTS[:9]))[0]]}
    router = SentenceTransformer(modules=[Router(routes, default_route="query")], device="cpu")
    for side, run in zip(SIDES, (router.encode_query, router.encode_document), strict=True):
        rows = router(features(router, [LONG], side), task=side)["sentence_embedding"]
        assert np.allclose(run([LONG]), rows.detach().numpy())


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, PAPER),
        ({"prompts": {}}, PAPER),
        ({"prompts": {"query": "q: ", "passage": "p: "}}, {"query": "q: ", "document": "p: "}),
        ({"prompts": {"query": "q: "}}, {"query": "q: ", "document": ""}),
        ({"prompts": {"query": "", "document": ""}}, {"query": "", "document": ""}),
    ],
)
def test_the_prompts_of_a_model_are_its_own_or_the_papers(config, expected, tmp_path: Path):
    MAKERS["labse"](tmp_path)
    if config is not None:
        (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(config))
    model = made(tmp_path)
    assert {side: model.prompts[side] for side in PAPER} == expected


def test_an_opened_encoder_gets_no_prompts_that_it_was_not_made_with(folders):
    assert open_encoder(str(folders / "labse"), "cpu").prompts == {"query": "", "document": ""}


@pytest.mark.parametrize("mode", ["mean", "cls", "max"])
def test_pooling_is_what_its_name_says(mode, folders):
    model = made(folders / "mt5", pooling=mode)
    read = features(model, ["which number is 3"], "query")
    with torch.inference_mode():
        tokens = model[0](dict(read))["token_embeddings"][0]  # (t, d)
    pooled = {"mean": tokens.mean(0), "cls": tokens[0], "max": tokens.max(0).values}[mode]
    found = embed(model, ["which number is 3"], "query", 1)[0]
    assert np.allclose(found, torch.nn.functional.normalize(pooled, dim=0), atol=1e-6)


def test_a_model_keeps_its_pooling_and_its_modules_unless_another_is_asked_for(folders):
    own, other = made(folders / "labse"), made(folders / "labse", pooling="mean")
    names = ["Transformer", "Pooling", "Dense", "Normalize"]
    assert [type(part).__name__ for part in own] == [type(part).__name__ for part in other] == names
    assert [model[1].pooling_mode for model in (own, other)] == ["cls", "mean"]
    assert made(folders / "mbert")[1].pooling_mode == "mean"


def test_pooling_that_cannot_be_changed():
    with pytest.raises(
        ModelError, match="encoder.pooling: expected null .* found cls, where .*StaticEmbedding"
    ):
        made("static", tuple(TEXTS), pooling="cls")


@pytest.mark.parametrize("name", ["tiny", "labse", "static"])
@pytest.mark.parametrize("wanted", [True, False])
def test_length_and_similarity_go_together(name, wanted, folders, tmp_path: Path):
    place = folders / name if name == "labse" else name
    save_encoder(made(place, tuple(TEXTS), normalize=wanted), tmp_path / "saved")
    model = load_encoder(tmp_path / "saved", "cpu")
    assert model.similarity_fn_name == ("cosine" if wanted else "dot")
    assert sum(isinstance(part, Normalize) for part in model) == wanted
    norms = np.linalg.norm(embed(model, [LONG], "document", 1), axis=1)
    assert np.allclose(norms, 1, atol=1e-5) == wanted


@pytest.mark.parametrize(("name", "most"), [("xlm-roberta", 64), ("mbert", 64), ("mt5", None)])
def test_positions_of_each_architecture(name, most, folders):
    model = made(folders / name)
    assert positions(model[0]) == most
    if most is None:
        assert features(made(folders / name, longest=200), [LONG * 2], "query")["input_ids"].shape == (1, 200)
        return
    whole = made(folders / name, longest=most)
    assert embed(whole, [LONG * 9], "query", 1).shape[0] == 1  # the last position is there
    for key in ("max_query_tokens", "max_passage_tokens"):
        text = f"params.yaml: encoder.{key}: expected at most {most}, the positions of .*, found {most + 1}"
        with pytest.raises(ParamsError, match=text):
            made(folders / name, **{key: most + 1})


@pytest.mark.parametrize("name", ["static", *MAKERS])
def test_the_same_seed_gives_the_same_bytes(name, folders, tmp_path: Path):
    place = name if name == "static" else folders / name
    for number in (1, 2):
        torch.manual_seed(number)  # what ran before must not count
        save_encoder(made(place, tuple(TEXTS)), tmp_path / str(number))
    assert folder_digest(tmp_path / "1") == folder_digest(tmp_path / "2")


def test_only_a_missing_pooler_depends_on_the_seed(folders, tmp_path: Path):
    for seed in (1, 2):
        save_encoder(initial_encoder(make_params(name=str(folders / "mbert")), [], seed), tmp_path / str(seed))
    one, two = (load_file(tmp_path / str(seed) / "model.safetensors") for seed in (1, 2))
    assert {key for key in one if not torch.equal(one[key], two[key])} == {"pooler.dense.weight"}


def test_half_precision_weights_are_trained_in_full(folders, tmp_path: Path):
    MAKERS["mbert"](tmp_path)
    held = load_file(tmp_path / "model.safetensors")
    half = {key: value.half() for key, value in held.items()}
    save_file(half, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert {weight.dtype for weight in made(tmp_path).parameters()} == {torch.float32}


def test_the_encoder_of_t5_is_loaded_alone(folders):
    model = made(folders / "mt5")
    assert not [name for name, _ in model.named_parameters() if "decoder" in name or "lm_head" in name]


def test_the_origin_names_what_was_chosen(folders):
    params = make_params(name=str(folders / "labse"), max_query_tokens=16)
    assert asdict(describe(initial_encoder(params, [], 1), params)) == {
        "name": str(folders / "labse"),
        "revision": None,
        "modules": ["Transformer", "Pooling", "Dense", "Normalize"],
        "pooling": "cls",
        "prompts": PAPER,
        "max_query_tokens": 16,
        "max_passage_tokens": 40,
        "normalize": True,
        "parameters": 10032,
        "tokens": 247,
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"max_query_tokens": 7}, "max_query_tokens: .*greater than or equal to 8"),
        ({"pooling": "lasttoken"}, "pooling: expected 'mean', 'cls' or 'max'"),
        ({"prompts": {"query": "a", "passage": "b"}}, "prompts: .*found 'passage'"),
        ({"max_unknown": 1.5}, "max_unknown: .*less than or equal to 1"),
        ({"max_tokens": 9}, "found 'max_tokens'"),
    ],
)
def test_wrong_params(changes, text):
    section: dict[str, Any] = {
        "name": "tiny",
        "revision": None,
        "pooling": None,
        "max_query_tokens": 9,
        "max_passage_tokens": 9,
        "prompts": None,
        "normalize": True,
        "trust_remote_code": False,
        "max_unknown": 0.1,
        "languages": "all",
        "tiny": {"layers": 1, "width": 4, "heads": 2, "feed_forward": 4, "dropout": 0.0, "vocabulary": 300},
        "static": {"width": 4, "vocabulary": 300},
    }
    validated(EncoderParams, section, "params.yaml: encoder")
    with pytest.raises(ParamsError, match=text):
        validated(EncoderParams, section | changes, "params.yaml: encoder")


def edited(folders: Path, name: str, tmp_path: Path, file: str, **changes: Any) -> Path:
    """Copy a miniature with some keys of a JSON file changed."""
    shutil.copytree(folders / name, tmp_path / "edited")
    path = tmp_path / "edited" / file
    held = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(held | changes))
    return tmp_path / "edited"


def test_length_one_where_the_model_normalises_before_its_last_module(folders, tmp_path: Path):
    shutil.copytree(folders / "labse", tmp_path / "edited")
    path = tmp_path / "edited/modules.json"
    modules = json.loads(path.read_text())
    path.write_text(json.dumps([*modules[:2], modules[3], modules[2]]))
    for wanted in (True, False):
        model = made(tmp_path / "edited", normalize=wanted)
        names = ["Transformer", "Pooling", "Normalize", "Dense", *(["Normalize"] if wanted else [])]
        assert [type(part).__name__ for part in model] == names
        with torch.inference_mode():
            rows = model(features(model, TEXTS[:3], "query"), task="query")["sentence_embedding"]
        assert np.allclose(rows.norm(dim=1), 1, atol=1e-5) == wanted


def test_another_pooling_leaves_out_the_prompt_as_the_old_one_did(folders, tmp_path: Path):
    place = edited(folders, "multilingual-e5", tmp_path, "1_Pooling/config.json", include_prompt=False)
    assert made(place, pooling="max")[1].include_prompt is False
    assert made(folders / "multilingual-e5", pooling="max")[1].include_prompt is True


def test_a_truncated_dimension_cannot_be_trained_but_scored(folders, tmp_path: Path):
    file = "config_sentence_transformers.json"
    place = edited(folders, "multilingual-e5", tmp_path, file, truncate_dim=4)
    with pytest.raises(
        ModelError, match=f"all of its dimensions, found truncate_dim 4 in its {file}. .* to null"
    ):
        made(place)
    assert embed(open_encoder(str(place), "cpu"), TEXTS[:1], "query", 1).shape == (1, 4)


def test_static_embeddings_have_one_limit():
    text = "max_query_tokens: expected 30, as encoder.max_passage_tokens, since static .* found 20. Set both"
    with pytest.raises(ParamsError, match=text):
        made("static", tuple(TEXTS), max_query_tokens=20, max_passage_tokens=30)


@pytest.mark.parametrize("name", ["static", "mbert"])
def test_a_prompt_that_leaves_no_room(name, folders):
    place = name if name == "static" else folders / name
    texts = ("which number is the number that comes of",) * 9
    prompts = PromptParams(query="", document="which number is the number that comes of")
    text = "max_passage_tokens: expected more tokens than the prompt 'which .*' takes by itself, found 8. Raise"
    with pytest.raises(ParamsError, match=text):
        made(place, texts, longest=8, prompts=prompts)
    made(place, texts, longest=60, prompts=prompts)


@pytest.mark.parametrize("name", ["tiny", "static", "mbert"])
def test_only_models_of_the_hub_have_revisions(name, folders):
    place = folders / name if name == "mbert" else name
    with pytest.raises(
        ParamsError, match=r"encoder.revision: expected null, .* found main for (a folder|\w+). Leave"
    ):
        made(place, tuple(TEXTS), revision="main")


def test_the_first_token_of_a_causal_model_is_no_embedding(folders, tmp_path: Path):
    shutil.copytree(folders / "multilingual-e5", tmp_path / "gpt")
    config = GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=300)
    GPT2Model(config).save_pretrained(tmp_path / "gpt")
    with pytest.raises(
        ModelError, match="expected mean or max, found cls, where a first token of gpt2 sees no"
    ):
        made(tmp_path / "gpt", pooling="cls")
    assert made(tmp_path / "gpt", pooling="max")[1].pooling_mode == "max"


def test_a_long_text_is_cut_to_the_positions_where_the_tokenizer_names_no_length(folders, tmp_path: Path):
    shutil.copytree(folders / "xlm-roberta", tmp_path / "edited")
    path = tmp_path / "edited/tokenizer_config.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({key: held[key] for key in held if key != "model_max_length"}))
    model = open_encoder(str(tmp_path / "edited"), "cpu")
    assert model.max_seq_length == 64
    assert embed(model, [LONG * 9], "query", 1).shape == (1, 16)
