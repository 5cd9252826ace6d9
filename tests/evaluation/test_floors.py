"""The floors: chance as its formula says, and BM25 beside a slow twin, in every setting."""

import math
from collections import Counter
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from hbir.evaluation.floors import score_bm25, score_random
from hbir.evaluation.ranking import neutral_order
from hbir.retrieval.bm25 import K1, B
from hbir.retrieval.words import words
from tests.evaluation import reference
from tests.evaluation.conftest import exact, make_task


def expected_map(relevant: int, passages: int) -> float:
    """The mean average precision of random rankings: (H + (R − 1) / (N − 1) · (N − H)) / N."""
    harmonic = sum(1 / rank for rank in range(1, passages + 1))
    return (harmonic + (relevant - 1) / (passages - 1) * (passages - harmonic)) / passages


@pytest.mark.parametrize(("relevant", "passages"), [(1, 5), (2, 5), (3, 6), (6, 6)])
def test_the_formula_is_the_mean_over_all_rankings(relevant: int, passages: int):
    found = [
        reference.measures(ranked, set(range(relevant)))["map"] for ranked in permutations(range(passages))
    ]
    assert expected_map(relevant, passages) == pytest.approx(sum(found) / len(found))


def test_random_vectors_reach_what_chance_reaches():
    """The mean over 3,000 queries has a standard error of about .001."""
    languages = ["de", "fr", "th"]
    query_langs = [languages[number % 3] for number in range(3000)]
    passage_langs = [languages[number % 3] for number in range(60)]
    relevant = [(query, 3 * (query % 20) + language) for query in range(3000) for language in range(3)]
    scored = score_random(make_task(query_langs, passage_langs, relevant), 1, 64, 500, bias=True)
    for setting, expected in (
        ("monolingual", expected_map(1, 20)),
        ("cross_lingual", expected_map(1, 20)),
        ("multilingual", expected_map(3, 60)),
    ):
        assert scored.settings[setting]["map"] == pytest.approx(expected, abs=0.01)
    assert scored.settings["multilingual"]["same_language_excess@10"] == pytest.approx(0, abs=0.01)


def test_random_vectors_are_those_of_the_seed():
    task = exact("cldr", ["de", "en"])
    maps = [score_random(task, seed, 16, 100, bias=False).settings["monolingual"]["map"] for seed in (1, 1, 2)]
    assert maps[0] == maps[1] != maps[2]


def slow_bm25(passages: list[list[str]], query: list[str]) -> list[float]:
    """Score by the formula of Lucene's BM25: each passage, each word of the query."""
    mean = sum(map(len, passages)) / len(passages)
    holding = Counter(word for passage in passages for word in set(passage))
    found = []
    for passage in passages:
        counts, score = Counter(passage), 0.0
        for word in query:
            n = holding[word]
            idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
            score += idf * counts[word] / (counts[word] + K1 * (1 - B + B * len(passage) / mean)) if n else 0.0
        found.append(score)
    return found


TEXTS = {
    "de": ["Die Krone ist die Währung Norwegens", "Oslo liegt in Norwegen", "Krone und Krone", "?"],
    "fr": ["La couronne est la monnaie de la Norvège", "Oslo est en Norvège", "couronne", "Oslo, Oslo"],
    "th": ["โครนเป็นสกุลเงินของนอร์เวย์", "ออสโลอยู่ในนอร์เวย์", "โครน", "นอร์เวย์"],
}
QUERIES = ["Norwegen Krone", "Oslo", "monnaie Norvège", "สกุลเงินของนอร์เวย์", "nothing", "!"]


def toy():
    langs = [language for language in TEXTS for _ in range(4)]
    passages = [text for texts in TEXTS.values() for text in texts]
    relevant = [(query, 4 * language + query % 4) for query in range(6) for language in range(3)]
    task = make_task(["de", "de", "fr", "th", "fr", "th"], langs, relevant)
    return replace(task, queries=QUERIES, passages=passages)


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_bm25_has_an_index_per_language_and_one_over_all(chunk: int):
    task = toy()
    passages, queries = ([words(text) for text in texts] for texts in (task.passages, task.queries))
    order = neutral_order(task.passage_ids)
    together = [slow_bm25(passages, query) for query in queries]
    apart = np.zeros((6, 12))
    for language in range(3):
        part = slice(4 * language, 4 * language + 4)
        apart[:, part] = [slow_bm25(passages[part], query) for query in queries]
    pooled = reference.settings(reference.query_rows(task, np.array(together, np.float32), order))[
        "multilingual"
    ]
    alone = reference.settings(reference.query_rows(task, apart.astype(np.float32), order))
    found = score_bm25(task, chunk, bias=True).settings
    assert found["multilingual"] == pytest.approx(pooled)
    for setting in ("monolingual", "cross_lingual"):
        assert found[setting] == pytest.approx(alone[setting])


def test_bm25_works_where_words_are_shared():
    """The facts of the embedded corpus name the same things in query and passage of one language."""
    scored = score_bm25(exact("cldr", ["de", "zh"]), 100, bias=False)
    assert scored.settings["monolingual"]["map"] > 0.5
    assert scored.settings["cross_lingual"]["map"] < 0.2
    assert scored.counts.tied_positives is not None
    assert scored.counts.tied_positives["cross_lingual"] > 0  # passages without a shared word
