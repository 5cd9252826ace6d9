"""Give the comparisons of training their pairs and their encoders."""

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.training.texts import PairTexts
from perf.encoders import NAMED, fresh

DOCUMENTS = Path(os.environ.get("HBIR_DATA", "")) / "parallel-docs" / "sections.jsonl.gz"
QUERY_TOKENS, PASSAGE_TOKENS = 32, 128


@cache
def pairs(kind: str) -> tuple[list[str], list[str]]:
    """Choose queries and passages, the same each time.

    Args:
        kind: `tiny` for the embedded corpus; others for the documents of `HBIR_DATA` where there are some, a
            title and its body in two languages that need not be the same.

    Returns:
        (n,) queries and as many passages.
    """
    rng = np.random.default_rng(1)
    if kind != "tiny" and DOCUMENTS.is_file():
        return _documents(rng)
    task = cast(RetrievalTask, load("cldr", None)[0])
    positives = task.positives(0, len(task.queries))
    found = rng.permutation(positives)[:4096]
    return [task.queries[q] for q, _ in found], [task.passages[p] for _, p in found]


def texts(kind: str) -> PairTexts:
    """Return the pairs as a training reads them; row i is pair i.

    Args:
        kind: as in `pairs`.

    Returns:
        The texts.
    """
    queries, passages = pairs(kind)
    columns = {"query": queries, "passage": passages, "lang": ["en"] * len(queries)}
    return PairTexts(pa.table({"pair_id": np.arange(len(queries)), **columns}))


def encoder(kind: str) -> SentenceTransformer:
    """Open an encoder that reads as many tokens as the comparisons say.

    Args:
        kind: as in `perf.encoders.fresh`.

    Returns:
        An encoder of its own each time.
    """
    model = fresh(kind, [text for side in pairs(kind) for text in side])
    model.max_seq_length = PASSAGE_TOKENS  # what the peer's trainer goes by
    model[0].query_length, model[0].document_length = QUERY_TOKENS, PASSAGE_TOKENS
    return model


def note() -> str:
    """Say what stood in for real data and a real encoder.

    Returns:
        A sentence; empty where nothing did.
    """
    lacking = [] if NAMED else ["random weights of multilingual-e5-small's shape"]
    lacking += [] if DOCUMENTS.is_file() else ["the embedded corpus"]
    return f"with {' and '.join(lacking)}" if lacking else ""


def _documents(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    with gzip.open(DOCUMENTS, "rt", encoding="utf-8") as file:
        documents = [json.loads(line)["text"] for line in file]
    queries, passages = [], []
    for row in rng.permutation(len(documents))[:1024]:
        versions = list(documents[row].values())
        first, second = rng.integers(len(versions), size=2)
        queries.append(versions[first]["title"])
        passages.append(versions[second]["body"])
    return queries, passages
