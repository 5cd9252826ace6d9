"""Every preset's architecture in miniature: made or loaded, trained, saved, loaded again and scored."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import ModelError, TrainingError
from hbir.core.files import atomic_folder, read_table
from hbir.core.hashing import folder_digest
from hbir.core.hub.models import Snapshot
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.encoding import sources
from hbir.encoding.embed import embed
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import features, load_encoder, prepare_torch, save_encoder
from hbir.encoding.params import EncoderParams, StaticParams, TinyParams
from hbir.encoding.presets import PRESETS, PROMPTS, SCRATCH
from hbir.encoding.prompts import SIDES, Side
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.scoring import score_task
from hbir.training.objective import info_nce
from hbir.training.run import train
from tests.encoding.architectures import MAKERS, TEXTS, family, make_custom
from tests.encoding.builder import make_params as make_encoder_params
from tests.training.conftest import LORA, Files, make_params, write_plans
from tests.training.observers import Silent
from tests.training.running import embed as training_embed

QUERY_TOKENS, PASSAGE_TOKENS, STEPS = 44, 60, 20
COMMIT = "a" * 40
SCORE = EvaluateParams(benchmarks=["toy"], query_chunk=7, batch_size=8, embeddings=None)
ONE_OF_EACH = [*SCRATCH, *(next(name for name in PRESETS if name.startswith(kind)) for kind in MAKERS)]
Initial = Callable[..., Path]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prepare_torch(1)
    folder = tmp_path_factory.mktemp("architectures")
    write_plans(folder, STEPS)
    for name, make in MAKERS.items():
        (folder / name).mkdir()
        make(folder / name)
    return folder


@pytest.fixture
def initial(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Initial:
    """Return what makes the starting point of a preset, its miniature standing for the Hub's files."""
    ids = {preset.id: folder / family(name) for name, preset in PRESETS.items() if preset.id}
    monkeypatch.setattr(sources, "snapshot", lambda name, *_, **__: Snapshot(ids[name], COMMIT))
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))

    def make(preset: str, **changes: Any) -> Path:
        with atomic_folder(tmp_path / "initial") as temporary:
            save_encoder(initial_encoder(params(preset, **changes), TEXTS, 1), temporary)
        return tmp_path / "initial"

    return make


def query_tokens(preset: str) -> int:
    """Return the longest question; static embeddings have one limit for both sides."""
    return PASSAGE_TOKENS if preset == "static" else QUERY_TOKENS


def params(preset: str, **changes: Any) -> EncoderParams:
    settings: dict[str, Any] = {
        "name": preset,
        "max_query_tokens": query_tokens(preset),
        "max_passage_tokens": PASSAGE_TOKENS,
        "max_unknown": 0.5,
        "tiny": TinyParams(layers=2, width=16, heads=2, feed_forward=32, dropout=0.1, vocabulary=300),
        "static": StaticParams(width=16, vocabulary=300),
    }
    return make_encoder_params(**(settings | changes))


def trained(folder: Path, initial: Path, trust_remote_code: bool = False, **changes: Any) -> Path:
    """Train an encoder, validate it after the last step alone, and return its folder."""
    output = initial.parent / "model"
    validation = replace(make_params().validation, every=STEPS)
    job = Files(folder).job(output, "xx", validation=validation, **changes)
    job = replace(job, initial=initial, trust_remote_code=trust_remote_code)
    curve = train(job, Silent()).curve
    losses = [point.loss for point in curve.train] + [point.loss for point in curve.validation]
    assert all(np.isfinite(loss) for loss in losses)
    return output


def texts(folder: Path) -> tuple[list[str], list[str]]:
    """Return the questions and passages of one language's training pairs."""
    rows = read_table(folder / "pairs.parquet", PAIRS_SCHEMA).to_pylist()
    chosen = [row for row in rows if (row["lang"], row["split"]) == ("aa", "train")]
    return [row["query"] for row in chosen], [row["passage"] for row in chosen]


def loss(folder: Path, model: SentenceTransformer) -> float:
    sides = zip(SIDES, texts(folder), strict=True)
    queries, passages = (torch.from_numpy(embed(model, side_texts, side, 8)) for side, side_texts in sides)
    return float(info_nce(queries, passages, 0.05))


def weights(path: Path) -> dict[str, torch.Tensor]:
    files = sorted(path.rglob("*.safetensors"))
    parts = [{f"{file.parent.name}/{n}": t for n, t in load_file(file).items()} for file in files]
    return {name.removeprefix(f"{path.name}/"): tensor for part in parts for name, tensor in part.items()}


def changed(initial: Path, model: Path) -> set[str]:
    before, after = weights(initial), weights(model)
    assert before.keys() == after.keys()
    return {name for name in before if not torch.equal(before[name], after[name])}


def task(folder: Path) -> RetrievalTask:
    queries, passages = texts(folder)
    count = len(queries)
    return RetrievalTask(
        name="toy",
        version="1",
        query_ids=[f"q{n}" for n in range(count)],
        queries=queries,
        query_langs=["aa"] * count,
        passage_ids=[f"p{n}" for n in range(count)],
        passages=passages,
        passage_langs=["aa"] * count,
        relevant=np.array([(n, n) for n in range(count)]),
    )


@pytest.mark.parametrize("preset", ONE_OF_EACH)
def test_train_save_reload_score(preset: str, folder: Path, initial: Initial):
    start = initial(preset)
    path = trained(folder, start)
    assert changed(start, path)
    before, model = load_encoder(start, device="cpu"), load_encoder(path, device="cpu")
    assert loss(folder, model) < loss(folder, before)
    plain = SentenceTransformer(str(path), device="cpu")
    queries, passages = texts(folder)
    assert np.array_equal(plain.encode_query(queries), embed(model, queries, "query", 32))
    assert np.array_equal(plain.encode_document(passages), embed(model, passages, "document", 32))
    found = score_task(model, task(folder), SCORE).settings["monolingual"]["map"]
    assert 0.2 < found <= 1  # at random 0.157
    saved = json.loads((path / "config_sentence_transformers.json").read_text())["prompts"]
    assert {side: saved[side] for side in SIDES} == (PRESETS[preset].prompts or PROMPTS)


@pytest.mark.parametrize("preset", ONE_OF_EACH)
def test_the_starting_point_is_the_same_twice_and_reads_texts_alone(preset: str, initial: Initial):
    path = initial(preset)
    digest = folder_digest(path)
    assert folder_digest(initial(preset)) == digest
    model = load_encoder(path, device="cpu")
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    alone = embed(model, TEXTS[:1], "query", 1)
    together = embed(model, [TEXTS[0], TEXTS[1] * 4], "query", 2)
    assert np.allclose(alone[0], together[0], atol=1e-6)
    assert not np.allclose(together[0], together[1], atol=1e-3)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("preset", ONE_OF_EACH)
def test_each_side_has_its_own_prompt_and_longest_input(preset: str, initial: Initial):
    model = load_encoder(initial(preset), device="cpu")
    prompts = PRESETS[preset].prompts or PROMPTS
    limits: dict[Side, int] = {"query": query_tokens(preset), "document": PASSAGE_TOKENS}
    for side, limit in limits.items():
        long = TEXTS[0] + " and what it is" * 30
        with torch.no_grad():
            ours = training_embed(model, [long, "a", TEXTS[1]], side).numpy()
        assert np.allclose(ours, embed(model, [long, "a", TEXTS[1]], side, 8), atol=1e-6)
        short = model.encode(prompts[side] + TEXTS[0][:12])
        assert np.allclose(embed(model, [TEXTS[0][:12]], side, 1)[0], short, atol=1e-6)
        assert features(model, [long], side)["input_ids"].numel() == limit


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((preset, {"lora": LORA}) for preset in ("xlm-roberta-large", "mt5-large", "labse")),
    *((preset, {"gradient_checkpointing": True}) for preset in ("xlm-roberta-large", "mt5-large", "mbert")),
    ("mt5-base", {"lora": LORA, "gradient_checkpointing": True, "precision": "bf16"}),
    *((preset, {"precision": "bf16"}) for preset in ("bge-m3", "static")),
    ("multilingual-e5-base", {"attention": "eager"}),
]


@pytest.mark.parametrize(("preset", "changes"), VARIANTS, ids=lambda value: str(value)[:24])
def test_every_way_of_training_saves_a_plain_model(preset, changes, folder: Path, initial: Initial):
    start = initial(preset)
    path = trained(folder, start, **changes)
    moved = changed(start, path)
    assert moved
    before, model = load_encoder(start, device="cpu"), load_encoder(path, device="cpu")
    assert loss(folder, model) < loss(folder, before)
    queries, _ = texts(folder)
    plain = SentenceTransformer(str(path), device="cpu").encode_query(queries)
    assert np.array_equal(plain, embed(model, queries, "query", 32))
    if "lora" in changes:
        kept = ("embed", "shared", "orm", "pooler", "2_Dense")
        assert not [name for name in moved if any(part in name for part in kept)]


@pytest.mark.parametrize(
    ("preset", "tables"),
    [
        ("mbert", {"word", "position", "token_type"}),
        ("bge-m3", {"word", "position", "token_type"}),
        ("mt5-small", {"shared"}),
    ],
)
def test_frozen_tables_stay_and_the_rest_is_trained(preset, tables, folder: Path, initial: Initial):
    start = initial(preset)
    moved = changed(start, trained(folder, start, freeze_embeddings=True))
    held = {name for name in weights(start) if any(f"{t}_emb" in name or name.startswith(t) for t in tables)}
    assert len(held) == len(tables)
    unused = {name for name in weights(start) if "pooler" in name}
    assert moved == set(weights(start)) - held - unused
    assert any("relative_attention_bias" in name for name in moved) == preset.startswith("mt5")


@pytest.mark.parametrize("preset", ["mbert", "bge-m3", "mt5-small"])
def test_attention_is_computed_in_either_way(preset: str, initial: Initial):
    path = initial(preset)
    models = [load_encoder(path, "cpu", attention=name) for name in ("eager", "sdpa")]
    used = [model.transformers_model.config._attn_implementation for model in models]
    assert used == ["eager", "sdpa"]
    eager, sdpa = (embed(model, TEXTS[::9], "document", 8) for model in models)
    assert np.allclose(eager, sdpa, atol=1e-5)


def test_of_mt5_the_encoder_alone_is_kept(initial: Initial, folder: Path):
    assert [name for name in load_file(folder / "mt5/model.safetensors") if name.startswith("decoder")]
    path = initial("mt5-small")
    assert not [name for name in weights(path) if name.startswith(("decoder", "lm_head"))]
    # From its folder, with the library alone: the same encoder before pooling.
    with torch.no_grad():
        ours, theirs = (
            Transformer(str(where))(dict(load_encoder(path, "cpu").preprocess([TEXTS[0]])))["token_embeddings"]
            for where in (path, folder / "mt5")
        )
    assert torch.equal(ours, theirs)


def test_without_normalisation_training_and_scoring_take_the_inner_product(folder: Path, initial: Initial):
    start = initial("mbert", normalize=False)
    before = load_encoder(start, device="cpu")
    queries, _ = texts(folder)
    lengths = np.linalg.norm(embed(before, queries, "query", 8), axis=1)
    assert not np.allclose(lengths, 1, atol=0.1)
    with torch.no_grad():
        ours = training_embed(before, queries, "query").numpy()
    assert np.allclose(ours, embed(before, queries, "query", 8), atol=1e-5)
    path = trained(folder, start)
    model = load_encoder(path, device="cpu")
    assert loss(folder, model) < loss(folder, before)
    assert model.similarity_fn_name == "dot"


def test_code_that_comes_with_a_model_goes_with_it_where_it_is_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "code"))
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "toy").mkdir()
    make_custom(tmp_path / "toy")
    chosen = params(str(tmp_path / "toy"))
    with pytest.raises(ModelError, match="trust_remote_code: true"):
        initial_encoder(chosen, [], 1)
    with atomic_folder(tmp_path / "initial") as start:
        save_encoder(initial_encoder(replace(chosen, trust_remote_code=True), [], 1), start)
    shutil.rmtree(tmp_path / "toy")
    output = trained(folder, tmp_path / "initial", trust_remote_code=True)
    for path in (tmp_path / "initial", output):
        assert (path / "modeling_toy.py").is_file()
        with pytest.raises(ModelError, match="trust_remote_code: true"):
            load_encoder(path)
    assert changed(tmp_path / "initial", output)
    with pytest.raises(TrainingError, match=r"train.attention: sdpa: .* Set train.attention to null."):
        trained(folder, tmp_path / "initial", trust_remote_code=True, attention="sdpa")
    model = load_encoder(output, device="cpu", trust_remote_code=True)
    assert score_task(model, task(folder), SCORE).settings["monolingual"]["map"] > 0.3


def test_every_preset_has_a_miniature():
    assert {family(name) for name in PRESETS if name not in SCRATCH} == set(MAKERS)
