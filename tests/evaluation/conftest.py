"""Small tasks, made by hand or at random, for the tests of this folder."""

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.ranking import PositiveRanks, rank_chunks

LANGUAGES = ["de", "fr", "th"]


def make_task(query_langs, passage_langs, relevant, groups=None, name="toy", keys=None):
    """Make a task with ids `q0`, `q1`, … and `p0`, `p1`, …."""
    return RetrievalTask(
        name=name,
        version="1",
        query_ids=[f"q{i}" for i in range(len(query_langs))],
        queries=["?"] * len(query_langs),
        query_langs=list(query_langs),
        passage_ids=[f"p{i}" for i in range(len(passage_langs))],
        passages=["."] * len(passage_langs),
        passage_langs=list(passage_langs),
        relevant=np.array(sorted(relevant), dtype=np.int64).reshape(-1, 2),
        query_groups=groups,
        query_keys=keys,
    )


@st.composite
def scored_tasks(draw):
    """Draw a task and its scores; languages may miss on either side, queries may lack relevant passages."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    query_langs = draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=9))
    passage_langs = draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=30))
    density = draw(st.sampled_from([0.0, 0.05, 0.3, 1.0]))
    relevant = np.argwhere(rng.random((len(query_langs), len(passage_langs))) < density)
    distinct = draw(st.sampled_from([1, 3, 10, 10**6]))
    scores = rng.integers(0, distinct, (len(query_langs), len(passage_langs))).astype(np.float32) / 8 - 1
    groups = draw(st.sampled_from([None, [f"g{i % 2}" for i in range(len(query_langs))]]))
    keys = draw(st.sampled_from([None, [f"k{i % 3}" for i in range(len(query_langs))]]))
    return make_task(query_langs, passage_langs, map(tuple, relevant.tolist()), groups, keys=keys), scores


def exact(name: str, languages: list[str] | None) -> RetrievalTask:
    """Load a benchmark of one task that is held in memory."""
    (task,) = load(name, languages)
    assert isinstance(task, RetrievalTask)
    return task


def rank_positives(task, score_chunks, tie_order=None):
    """Join the ranks of all chunks."""
    parts = list(rank_chunks(task, score_chunks, tie_order))
    names = [name for name in PositiveRanks.__annotations__ if name != "top"]
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return PositiveRanks(**arrays)


def in_chunks(scores, size):
    return (scores[i : i + size] for i in range(0, len(scores), size))


@pytest.fixture
def bilingual():
    """Two German queries and a French one; passages in mixed order of language: de fr de fr de."""
    relevant = [(0, 0), (0, 1), (0, 2), (1, 4), (2, 1), (2, 2)]
    return make_task(["de", "de", "fr"], ["de", "fr", "de", "fr", "de"], relevant)


@pytest.fixture
def bilingual_scores():
    """Rankings: q0 → p3 p0 p4 p1 p2, q1 → p0 p1 p2 p3 p4, q2 → p1 p0 p2 p3 p4."""
    return np.array([[4, 2, 1, 5, 3], [5, 4, 3, 2, 1], [4, 5, 3, 2, 1]], dtype=np.float32)
