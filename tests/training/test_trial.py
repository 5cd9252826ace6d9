"""A short measurement trains the encoder that is meant, on texts like those that will be trained on."""

from dataclasses import replace

from hbir.core.params import read_params
from hbir.inputs.check import check
from hbir.inputs.study import merge
from hbir.studies.at_hand import PAIRS, measured, sample
from hbir.studies.made import Made
from tests.pipeline.project import TINY


def test_the_default_is_measured_before_anything_is_made():
    params = read_params()
    merge(params, TINY)
    whole = check(dict(params))
    pairs = sample(whole, params, Made())
    assert len(set(pairs)) == PAIRS
    speed = measured(whole, params, Made(), seconds=0.0)
    assert speed
    assert speed.pairs > 0
    assert speed.passages > 0
    assert 3 < speed.query_tokens <= 32
    assert speed.query_tokens < speed.passage_tokens <= 32
    assert speed.memory is not None
    assert speed.memory > 1e8
    shape = whole.encoder.tiny
    assert speed.parameters > shape.vocabulary * shape.width


def test_texts_that_are_not_at_hand_are_made_up_with_as_many_words_as_is_assumed():
    params = read_params()
    away = {"kind": "jsonl", "name": "away", "path": "nowhere.jsonl"}
    whole = check({**params, "collect": {**params["collect"], "sources": [away]}})
    pairs = sample(whole, params, Made())
    assert len(pairs) == PAIRS
    assert len(set(pairs)) > 0.9 * PAIRS
    assert {(len(query.split()), len(passage.split())) for query, passage in pairs} == {(12, 72)}


def test_weights_that_are_away_are_not_measured(monkeypatch):
    monkeypatch.setattr("hbir.studies.lacking._is_cached", lambda hub_id, kind: False)
    params = read_params()
    whole = check(dict(params))
    whole = whole._replace(encoder=replace(whole.encoder, name="xlm-roberta-base"))
    assert measured(whole, params, Made()) is None
