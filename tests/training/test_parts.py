"""The parts of a training: texts, validation batches, history, optimizer."""

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest
import torch

from hbir.batching.plan import Batch
from hbir.core.errors import DataError
from hbir.core.training_record import ValidationPoint
from hbir.encoding.model import load_encoder
from hbir.training.history import History, curve_interval
from hbir.training.optimizer import make_optimizer
from hbir.training.texts import PairTexts
from hbir.training.validation import make_validation, validate
from tests.training.conftest import LANGS, Files, make_pairs, make_params
from tests.training.running import embed, text_forward


def test_texts_are_found_by_pair_and_language():
    pairs = make_pairs()
    texts = PairTexts(pairs)
    rows = {(row["lang"], row["pair_id"]): row for row in pairs.to_pylist()}
    wanted = [(3, "aa", "cc"), (29, "cc", "aa"), (0, "bb", "bb")]
    batch = Batch(np.array([w[0] for w in wanted]), [w[1] for w in wanted], [w[2] for w in wanted])
    found = texts.rows(batch)
    assert texts.texts("query", found["query"]) == [rows[lang, pair]["query"] for pair, lang, _ in wanted]
    assert texts.texts("document", found["document"]) == [rows[lang, p]["passage"] for p, _, lang in wanted]


@pytest.mark.parametrize(("pair", "lang"), [(99, "aa"), (-1, "cc"), (3, "zz")])
def test_a_pair_that_is_not_there_is_named(pair, lang):
    with pytest.raises(DataError, match=f"expected pair {pair} in {lang}, which the plan names, found none"):
        PairTexts(make_pairs()).rows(Batch(np.array([pair]), [lang], [lang]))


def test_validation_is_of_validation_pairs_alone_and_half_of_each_kind():
    pairs = make_pairs()
    validation = make_validation(pairs, PairTexts(pairs), make_params().validation, 4, 1)
    held_out = pairs.filter(pc.equal(pairs["split"], "validation"))
    queries, passages = (
        PairTexts(pairs).texts(side, np.array(list(validation.rows[side]))) for side in ("query", "document")
    )
    assert set(queries) <= set(held_out["query"].to_pylist())
    assert set(passages) <= set(held_out["passage"].to_pylist())
    assert len(validation.monolingual) == len(validation.cross_lingual) == len(LANGS)
    for batches, same in ((validation.monolingual, True), (validation.cross_lingual, False)):
        for batch in batches:
            langs = [(queries[q][:2], passages[p][:2]) for q, p in batch]
            assert all((one == other) == same for one, other in langs)
            assert len(set(langs)) == 1 or not same
            assert len({queries[q][2:] for q, _ in batch}) == len(batch) == 4


def test_validation_can_be_english_alone():
    params = replace(make_params().validation, monolingual=["bb"], cross_lingual=False)
    validation = make_validation(make_pairs(), PairTexts(make_pairs()), params, 4, 1)
    assert len(validation.monolingual) == 1
    assert not validation.counts_cross_lingual
    with pytest.raises(DataError, match="at least two validation pairs in dd"):
        make_validation(make_pairs(), PairTexts(make_pairs()), replace(params, monolingual=["dd"]), 4, 1)


def test_the_loss_is_the_mean_of_its_halves_or_the_monolingual_one(files: Files):
    model = load_encoder(files.folder / "initial")
    validation = make_validation(make_pairs(), PairTexts(make_pairs()), make_params().validation, 4, 1)
    forward = text_forward(model, PairTexts(make_pairs()))
    losses = validate(forward, validation)
    assert losses["cross_lingual"] is not None
    assert losses["loss"] == pytest.approx((losses["monolingual"] + losses["cross_lingual"]) / 2, abs=1e-6)
    validation.counts_cross_lingual = False
    assert validate(forward, validation)["loss"] == losses["monolingual"]


def test_one_language_has_no_cross_lingual_half(files: Files):
    pairs = make_pairs()
    alone = pairs.filter(pc.equal(pairs["lang"], "aa"))
    texts = PairTexts(alone)
    validation = make_validation(alone, texts, make_params().validation, 4, 1)
    losses = validate(text_forward(load_encoder(files.folder / "initial"), texts), validation)
    assert losses["cross_lingual"] is None
    assert losses["loss"] == losses["monolingual"]


def test_embeddings_with_gradients_are_those_of_encode(files: Files):
    model = load_encoder(files.folder / "initial", device="cpu")
    texts = [f"{'long ' * (n % 4)}{n}" for n in range(7)]
    with torch.no_grad():
        ours = embed(model, texts, "document", bf16=False).numpy()
    assert np.allclose(ours, model.encode_document(texts), atol=1e-6)
    assert embed(model, texts, "query", bf16=False).requires_grad


def test_bf16_stays_near_fp32(files: Files):
    model = load_encoder(files.folder / "initial", device="cpu")
    with torch.no_grad():
        near = embed(model, ["a", "much longer"], "query", bf16=True).float().numpy()
    assert np.allclose(near, model.encode_query(["a", "much longer"]), atol=0.05)


@pytest.mark.parametrize(("bf16", "expected"), [(False, torch.float32), (True, torch.bfloat16)])
def test_validation_can_run_in_bf16(files: Files, bf16, expected):
    model = load_encoder(files.folder / "initial", device="cpu")
    validation = make_validation(make_pairs(), PairTexts(make_pairs()), make_params().validation, 4, 1)
    used = set()
    linear = model.transformers_model.encoder.layer[0].intermediate.dense
    linear.register_forward_hook(lambda _, __, output: used.add(output.dtype))
    losses = [
        validate(text_forward(model, PairTexts(make_pairs()), precision), validation)["loss"]
        for precision in (bf16, False)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=0.1)
    assert used == {torch.float32, expected}


def test_a_point_is_the_mean_of_its_window():
    history = History()
    for loss in (1.0, 2.0, 6.0):
        history.add(loss, 4)
    history.add_point(3, 0.1)
    history.add(5.0, 4)
    history.add_point(4, 0.1)
    assert [point.loss for point in history.train] == [3.0, 5.0]
    assert [point["step"] for point in history.speed] == [3, 4]
    assert history.speed[0]["value"] > 0


def test_a_history_comes_back_from_a_state():
    history = History()
    for step in (1, 2, 3):
        history.add(float(step), 4)
        history.validation.append(ValidationPoint(step=step, loss=1.0, monolingual=1.0, cross_lingual=None))
    history.add_point(3, 0.1)
    history.add(7.0, 4)
    restored = History.restore(history.state())
    assert replace(restored, clock=0.0) == replace(history, clock=0.0)


@pytest.mark.parametrize(
    ("steps", "every"),
    [(1, 1), (100, 1), (101, 2), (200, 2), (201, 5), (500, 5), (800, 10), (1001, 20)],
)
def test_a_curve_has_at_most_a_hundred_points(steps: int, every: int):
    assert curve_interval(steps) == every
    assert steps / every <= 100


def test_the_earliest_of_equally_good_checkpoints_is_the_best():
    losses = {1: 2.0, 2: 1.0, 3: 1.0}
    points = [ValidationPoint(step=s, loss=x, monolingual=x, cross_lingual=None) for s, x in losses.items()]
    assert History(validation=points).best.step == 2


def test_biases_and_norms_are_not_decayed():
    params = make_params()
    groups = make_optimizer(torch.nn.Linear(2, 2), params).param_groups
    assert [(group["weight_decay"], [p.ndim for p in group["params"]]) for group in groups] == [
        (0.01, [2]),
        (0.0, [1]),
    ]
