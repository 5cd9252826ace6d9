"""Passages whose text is their embedding, so that every score is exact and known."""

import numpy as np
import pytest

from hbir.benchmarks.streamed import Passage, StreamedTask
from hbir.benchmarks.task import SETTINGS, RetrievalTask


def embed(texts):
    """Embed `1 0 -2` as (1, 0, -2)."""
    return np.array([text.split() for text in texts], dtype=np.float32)


class Recorder:
    """Embed, and remember what was embedded; stop at a text when asked to."""

    def __init__(self, stop=None):
        self.texts, self.sizes, self.stop = [], [], stop

    def __call__(self, texts):
        if self.stop in texts:
            raise KeyboardInterrupt
        self.texts += texts
        self.sizes.append(len(texts))
        return embed(texts)


class ListCorpus:
    """Stream passages from a list of ids and texts."""

    def __init__(self, rows):
        self.rows, self.passes = [Passage(*row) for row in rows], 0

    def __iter__(self):
        self.passes += 1
        return iter(self.rows)

    def fingerprint(self):
        return f"{hash(tuple(self.rows)) & 0xFFFFFFFF:08x}"


def make_task(parts, settings=SETTINGS, top_k=1000, unknown_share=0.0):
    """Make a task of query languages, `{language: [(id, text), …]}`, and pairs of query and `language:id`."""
    query_langs, corpora, relevant = parts
    names = sorted({name for _, name in relevant})
    pairs = sorted((query, names.index(name)) for query, name in relevant)
    judged = RetrievalTask(
        name="toy",
        version="1",
        query_ids=[f"{lang}:q{i}" for i, lang in enumerate(query_langs)],
        queries=["?"] * len(query_langs),
        query_langs=list(query_langs),
        passage_ids=names,
        passages=[""] * len(names),
        passage_langs=[name.split(":")[0] for name in names],
        relevant=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        settings=settings,
    )
    streams = {lang: ListCorpus(rows) for lang, rows in corpora.items()}
    return StreamedTask(judged=judged, corpora=streams, top_k=top_k, unknown_share=unknown_share)


@pytest.fixture
def bilingual():
    """One query per language; its scores with the passages are their first and second number."""
    corpora = {
        "de": [("a", "3 1"), ("b", "2 5"), ("c", "1 1")],
        "fr": [("a", "9 4"), ("b", "2 6"), ("c", "2 0")],
    }
    relevant = [(0, "de:b"), (0, "fr:c"), (1, "fr:a"), (1, "de:c")]
    return ["de", "fr"], corpora, relevant
