"""The model card tells where a model comes from and how to ask it."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCardData
from ruamel.yaml import YAML

from hbir.encoding.origin import Origin, write_origin
from hbir.encoding.presets import PROMPTS
from hbir.training.card import model_card
from hbir.training.run import train
from tests.training.conftest import LORA, Files, make_record
from tests.training.observers import Silent

COMMIT = "c" * 40


def make_origin(name: str, revision: str | None = None) -> Origin:
    return Origin(
        name=name,
        revision=revision,
        modules=["Transformer"],
        pooling="mean",
        prompts=PROMPTS,
        max_query_tokens=8,
        max_passage_tokens=8,
        normalize=True,
        parameters=1,
        tokens=1,
    )


def card(
    prompts: dict[str, str] = PROMPTS, origin: Origin | None = None, **params: Any
) -> tuple[dict[str, Any], str]:
    shown = {"alpha": 0.5, "freeze_embeddings": False, "lora": None, **params}
    _, header, text = model_card(make_record("hybrid", shown), prompts, origin).split("---\n", 2)
    return YAML(typ="safe").load(header), " ".join(text.split())


@pytest.mark.parametrize(
    ("prompts", "sentence"),
    [
        (PROMPTS, "Queries get the prompt `Query: ` and passages `Passage: `, saved with the model."),
        ({"query": "query: ", "document": ""}, "Queries get the prompt `query: ` and passages none, saved"),
        ({"query": "", "document": ""}, "Queries and passages get no prompt."),
        ({}, "Queries and passages get no prompt."),
    ],
)
def test_it_names_the_models_own_prompts(prompts, sentence):
    assert sentence in card(prompts)[1]


@pytest.mark.parametrize(
    ("name", "base"), [("labse", "sentence-transformers/LaBSE"), ("some/encoder", "some/encoder")]
)
def test_a_model_of_the_hub_is_named_with_its_commit(name, base):
    header, text = card(origin=make_origin(name, COMMIT))
    assert header["base_model"] == base
    assert ModelCardData(**header).base_model == base
    assert f"Training started from `{name}` at commit `{COMMIT}`." in text


def test_a_folder_is_no_model_of_the_hub():
    header, text = card(origin=make_origin("tiny"))
    assert "base_model" not in header
    assert "Training started from `tiny`. Queries get" in text


def test_it_says_what_was_not_trained():
    changes: dict[str, Any] = {"lora.rank": 16, "lora.alpha": 32, "freeze_embeddings": True}
    text = card(**changes)[1]
    assert "Low-rank additions were trained (LoRA, rank 16, alpha 32) and merged into the weights." in text
    assert "The embeddings of tokens and positions stayed as they were." in text
    plain = card()[1]
    assert "LoRA" not in plain
    assert "stayed" not in plain


def test_a_trained_model_has_one(files: Files, tmp_path: Path):
    job = files.job(tmp_path / "model", lora=LORA)
    train(job, Silent())
    text = (tmp_path / "model/README.md").read_text()
    assert "LoRA, rank 2, alpha 4" in text
    assert "Training started" not in text  # the miniature has no encoder.json
    write_origin(make_origin("tiny"), job.initial)
    try:
        train(files.job(tmp_path / "named"), Silent())
    finally:
        (job.initial / "encoder.json").unlink()
    assert "Training started from `tiny`." in (tmp_path / "named/README.md").read_text()
