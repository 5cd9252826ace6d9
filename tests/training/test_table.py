"""A training on the rows in use is the training on the whole table."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from hbir.core.errors import DataError
from hbir.encoding.model import load_encoder
from hbir.training import table
from hbir.training.chunks import ChunkCost
from hbir.training.inputs import TokenInputs
from hbir.training.step import Stepper
from hbir.training.table import CompactTables, compact_tables, rows_in_use
from tests.encoding import architectures
from tests.training.conftest import Files, make_params, routed
from tests.training.running import pair_texts, token_forward

STEPS, BATCH = 50, 6
TEXTS = pair_texts(
    [f"aa which {n}" for n in range(24)],
    [f"{'bb ' * (n % 3)}{'comes of ' * (n % 2)}{n * 3}" for n in range(24)],
)
PARAMS = make_params(learning_rate=0.02, weight_decay=0.3, max_grad_norm=0.5, warmup=0.2)


def words() -> SentenceTransformer:
    vocabulary = {word: i for i, word in enumerate(["a", *(str(n) for n in range(80)), "unused", "aa", "bb"])}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "a"}
    file = {"version": "1.0", "model": model, "pre_tokenizer": {"type": "Whitespace"}}
    torch.manual_seed(1)
    module = StaticEmbedding(Tokenizer.from_str(json.dumps(file)), embedding_dim=6)
    return SentenceTransformer(modules=[module], device="cpu")


def miniature(kind: str, files: Files, folder: Path) -> SentenceTransformer:
    if kind == "tiny":
        return load_encoder(files.folder / "initial", device="cpu")
    if kind == "routed":
        return routed(files)
    if kind == "static":
        return words()
    make = {"bert": architectures.make_labse, "xlm-r": architectures.make_e5, "mt5": architectures.make_mt5}[
        kind
    ]
    folder.mkdir(exist_ok=True)
    make(folder)
    return SentenceTransformer(str(folder), device="cpu")


def stepper(model: SentenceTransformer, compact: bool, folder: Path) -> Stepper:
    torch.manual_seed(7)
    forward = token_forward(model, TEXTS, folder / "tokens", ChunkCost(5.0, 200))
    assert isinstance(forward.inputs, TokenInputs)
    tables = CompactTables()
    if compact:
        tables = compact_tables(model, forward.inputs, PARAMS.weight_decay, folder / "whole")
        assert tables.tables
    return Stepper(forward, PARAMS, tables, STEPS)


def run(stepping: Stepper, start: int = 0, end: int = STEPS) -> list[float]:
    losses = []
    for step in range(start, end):
        rows = np.random.default_rng(step).permutation(24)[:BATCH]
        outcome = stepping.step(step + 1, {"query": rows, "document": rows}, rows)
        losses.append(float(outcome.loss))
    return losses


def weights(stepping: Stepper) -> dict[str, torch.Tensor]:
    with stepping.tables.expanded():
        return {name: weight.clone() for name, weight in stepping.forward.model.state_dict().items()}


@pytest.mark.parametrize("kind", ["tiny", "routed", "static", "bert", "xlm-r", "mt5"])
def test_fifty_steps_give_the_weights_of_the_whole_table(kind: str, files: Files, tmp_path: Path):
    """With weight decay, clipping and warm-up; the rows that never occur move by their decay."""
    results = []
    for compact in (False, True):
        stepping = stepper(miniature(kind, files, tmp_path / kind), compact, tmp_path)
        losses = run(stepping)
        results.append((losses, weights(stepping)))
    (dense_losses, dense), (losses, found) = results
    assert losses == pytest.approx(dense_losses, rel=1e-6)
    assert found.keys() == dense.keys()
    for name, weight in dense.items():
        assert torch.allclose(found[name], weight, atol=1e-6, rtol=1e-5), name
    assert len(stepping.tables.tables[0].weight) < len(stepping.tables.tables[0].whole)


def test_rows_that_never_occur_shrink_as_in_the_whole_table(files: Files, tmp_path: Path):
    dense, compact = (stepper(words(), kind, tmp_path) for kind in (False, True))
    run(dense)
    run(compact)
    name = "0.embedding.weight"
    unused = dense.forward.model.tokenizer.token_to_id("unused")
    assert torch.allclose(weights(compact)[name][unused], weights(dense)[name][unused], atol=1e-6)
    shrunk = float(weights(dense)[name][unused].norm() / words().state_dict()[name][unused].norm())
    assert 0.5 < shrunk < 0.95


def test_a_resumed_training_goes_on_with_the_same_table(files: Files, tmp_path: Path):
    whole = stepper(words(), True, tmp_path / "a")
    run(whole)
    first = stepper(words(), True, tmp_path / "b")
    run(first, end=20)
    state = (first.forward.model.state_dict(), first.optimizer.state_dict(), first.tables.state())
    second = stepper(words(), True, tmp_path / "c")
    second.forward.model.load_state_dict(state[0])
    second.optimizer.load_state_dict(state[1])
    second.tables.restore(state[2])
    run(second, start=20)
    for name, weight in weights(whole).items():
        assert torch.equal(weight, weights(second)[name])


def test_a_saved_encoder_has_all_its_rows(files: Files, tmp_path: Path):
    stepping = stepper(miniature("tiny", files, tmp_path), True, tmp_path)
    before = len(stepping.tables.tables[0].weight)
    with stepping.tables.expanded():
        stepping.forward.model.save_pretrained(str(tmp_path / "saved"), create_model_card=False)
    assert len(stepping.tables.tables[0].weight) == before
    saved = SentenceTransformer(str(tmp_path / "saved"), device="cpu")
    initial = load_encoder(files.folder / "initial", device="cpu")
    text = ["cc another text that no pair has"]
    assert np.allclose(saved.encode(text), initial.encode(text), atol=1e-6)


def test_the_padding_keeps_its_place(files: Files, tmp_path: Path):
    forward = token_forward(miniature("xlm-r", files, tmp_path / "m"), TEXTS, tmp_path / "tokens")
    assert isinstance(forward.inputs, TokenInputs)
    rows = rows_in_use(forward.inputs, [7])
    assert rows[:8].tolist() == list(range(8))
    assert (np.diff(rows) > 0).all()


def test_a_table_that_is_mostly_in_use_or_frozen_stays(files: Files, tmp_path: Path, monkeypatch):
    model = miniature("tiny", files, tmp_path)
    forward = token_forward(model, TEXTS, tmp_path / "tokens")
    assert isinstance(forward.inputs, TokenInputs)
    model.requires_grad_(False)
    assert not compact_tables(model, forward.inputs, 0.1, tmp_path / "w").tables
    model.requires_grad_(True)
    monkeypatch.setattr(table, "_WORTH_IT", 0.1)
    assert not compact_tables(model, forward.inputs, 0.1, tmp_path / "w").tables
    assert forward.inputs.places is None


def test_an_encoder_that_compares_ids_keeps_its_whole_table(files: Files, tmp_path: Path, monkeypatch):
    """Ids are places in the table in use, which code that looks for an id of its own would not find."""
    model = miniature("tiny", files, tmp_path)
    real = type(model.transformers_model).forward
    last = len(model.tokenizer) - 1

    def forward(self, input_ids, **named):
        found = real(self, input_ids, **named)
        found.last_hidden_state = found.last_hidden_state + (input_ids > 40)[..., None] * 1.0
        return found

    monkeypatch.setattr(type(model.transformers_model), "forward", forward)
    running = token_forward(model, TEXTS, tmp_path / "tokens")
    assert isinstance(running.inputs, TokenInputs)
    assert not compact_tables(model, running.inputs, 0.1, tmp_path / "w").tables
    assert running.inputs.places is None
    assert len(model.transformers_model.get_input_embeddings().weight) == last + 1


def test_a_folder_that_cannot_be_written_is_named(files: Files, tmp_path: Path):
    (tmp_path / "file").write_text("")
    model = miniature("tiny", files, tmp_path)
    forward = token_forward(model, TEXTS, tmp_path / "tokens")
    assert isinstance(forward.inputs, TokenInputs)
    with pytest.raises(DataError, match="file"):
        compact_tables(model, forward.inputs, 0.1, tmp_path / "file" / "below")
