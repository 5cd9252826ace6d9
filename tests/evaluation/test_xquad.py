"""All 122 settings of the real XQuAD-R: one model, one matrix of scores, and a naive reference."""

import math
import os
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

from hbir.encoding.embed import embed
from hbir.encoding.scratch import train_tokenizer
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.measures import NAMES
from hbir.evaluation.ranking import neutral_order, similarity_chunks
from tests.evaluation.conftest import exact

pytestmark = pytest.mark.skipif(
    "HBIR_DATA" not in os.environ, reason="HBIR_DATA names no folder with real data"
)


def encoder(texts):
    tokenizer = train_tokenizer(texts, 2000, 512).backend_tokenizer
    weights = np.random.default_rng(1).standard_normal((2000, 32), dtype=np.float32)
    modules = [StaticEmbedding(tokenizer, embedding_weights=weights), Normalize()]
    return SentenceTransformer(modules=modules, device="cpu")


def measures(ranks, pooled):
    """Read every measure off the sorted ranks of one query's relevant passages."""
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(10, len(ranks)) + 1))
    precisions = [place / rank for place, rank in enumerate(ranks, start=1)]
    return {
        "map": sum(precisions) / len(ranks),
        "map@20": sum(p for p, rank in zip(precisions, ranks, strict=True) if rank <= 20) / min(20, len(ranks)),
        "recall@1": sum(rank <= 1 for rank in ranks) / len(ranks),
        "recall@10": sum(rank <= 10 for rank in ranks) / len(ranks),
        "mrr@10": 1 / ranks[0] if ranks[0] <= 10 else 0.0,
        "ndcg@10": sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10) / ideal,
        "recall@100": sum(rank <= 100 for rank in ranks) / len(ranks),
    } | ({"rank_distance": ranks[-1] - ranks[0]} if pooled else {})


def naive(task, scores):
    """Sort every query's candidates; return (query language, pool) → measures of each query."""
    relevant = defaultdict(list)
    for query, passage in task.relevant.tolist():
        relevant[query].append(passage)
    langs = np.array(task.passage_langs)
    order = neutral_order(task.passage_ids)
    cells = defaultdict(list)
    for query, row in enumerate(scores):
        best_first = np.lexsort((order, -row))
        ranked_langs = langs[best_first]
        place = np.argsort(best_first)
        pooled = sorted(int(place[passage]) + 1 for passage in relevant[query])
        cells[task.query_langs[query], "all"].append(measures(pooled, pooled=True))
        for passage in relevant[query]:
            rank = int((ranked_langs[: place[passage] + 1] == langs[passage]).sum())
            cells[task.query_langs[query], str(langs[passage])].append(measures([rank], pooled=False))
    return cells


def every_fifth(task):
    """Keep a fifth of the queries, of each language: the reference takes a minute for all."""
    kept = {query: place for place, query in enumerate(range(0, len(task.queries), 5))}
    pairs = [(kept[query], passage) for query, passage in task.relevant.tolist() if query in kept]
    names = ("queries", "query_ids", "query_langs", "clusters", "query_keys")
    parts = {name: [getattr(task, name)[query] for query in kept] for name in names}
    return replace(task, **parts, relevant=np.array(pairs))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def test_every_setting_equals_the_naive_reference():
    task = every_fifth(exact("xquad-r", None))
    model = encoder(task.passages[::20])
    queries, passages = embed(model, task.queries, "query", 256), embed(model, task.passages, "document", 256)
    scores = np.concatenate(list(similarity_chunks(queries, passages, 256)))
    result = evaluate(task, np.array_split(scores, 52))
    expected = naive(task, scores)
    found = {(row["query_lang"], row["pool"]): row for row in result.cells.to_pylist()}
    assert set(found) == set(expected)
    assert len(found) == 11 + 110 + 11
    for cell, rows in expected.items():
        for name in rows[0]:
            assert found[cell][name] == pytest.approx(mean(row[name] for row in rows), abs=1e-9)
    for setting, cells in _cells_of(expected).items():
        for name in set(NAMES) & set(cells[0][0]):
            value = mean(mean(row[name] for row in rows) for rows in cells)
            assert result.settings[setting][name] == pytest.approx(value, abs=1e-9)
    assert result.settings["monolingual"]["map"] > result.settings["cross_lingual"]["map"] > 0


def _cells_of(expected):
    kinds = defaultdict(list)
    for (lang, pool), rows in expected.items():
        kinds[{"all": "multilingual", lang: "monolingual"}.get(pool, "cross_lingual")].append(rows)
    return kinds
