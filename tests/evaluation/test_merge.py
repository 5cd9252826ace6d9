"""Tasks with pools of their own, such as Tatoeba's, are averaged cell by cell."""

import dataclasses

import numpy as np
import pytest

from hbir.evaluation.evaluate import evaluate, merged
from tests.evaluation.conftest import make_task


def parts():
    german = make_task(["de"] * 2, ["en"] * 2, [(0, 0), (1, 1)])
    french = make_task(["fr"] * 4, ["en"] * 4, [(i, i) for i in range(4)])
    scores = [np.eye(2), np.array([[0, 1, 0, 0], *np.eye(4)[1:]])]
    for task, rows in zip((german, french), scores, strict=True):
        yield evaluate(dataclasses.replace(task, settings=("cross_lingual",)), [rows])


def test_the_mean_is_over_languages_not_over_queries():
    whole = merged(list(parts()))
    assert whole.settings["cross_lingual"]["recall@1"] == pytest.approx((1 + 3 / 4) / 2)
    assert whole.task.languages == ["de", "en", "fr"]
    assert (whole.task.queries, whole.task.passages) == (6, 6)
    assert whole.counts.positives == {"cross_lingual": 6}
    assert whole.counts.left_out == {"cross_lingual": 0}
    assert whole.counts.without_rank_distance is None  # no pool of several languages
    assert len(whole.queries) == 6


def test_one_is_itself():
    one = next(parts())
    assert merged([one]) is one
