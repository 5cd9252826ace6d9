"""Score queries against all passages with other tools, as a user would who has embeddings."""

import numpy as np

from perf.xquad_sized import embeddings, task

MEASURES = ["map", "recall@1", "recall@10", "mrr@10", "ndcg@10", "recall@100"]
Run = dict[str, dict[str, float]]
"""Query id → passage id → score."""


def ranx(dimension: int, queries: int) -> None:
    """Score the first queries with ranx.

    Args:
        dimension: of the embeddings.
        queries: how many.
    """
    import ranx as library

    run = library.Run(_run(dimension, queries))
    library.evaluate(library.Qrels(_qrels(queries)), run, MEASURES)


def pytrec_eval(dimension: int, queries: int) -> None:
    """Score the first queries with pytrec_eval-terrier.

    Args:
        dimension: of the embeddings.
        queries: how many.
    """
    import pytrec_eval as library

    measures = {"map", "recip_rank", "ndcg_cut_10", "recall_1,10,100"}
    library.RelevanceEvaluator(_qrels(queries), measures).evaluate(_run(dimension, queries))


def evaluator(dimension: int, queries: int, depth: int) -> None:
    """Score the first queries with sentence-transformers' InformationRetrievalEvaluator.

    Args:
        dimension: of the embeddings.
        queries: how many.
        depth: passages per query that mAP looks at.
    """
    import torch
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import dot_score

    embedded = [torch.from_numpy(side) for side in embeddings(dimension)]
    library = InformationRetrievalEvaluator(
        dict.fromkeys(task().query_ids[:queries], "?"),
        dict(zip(task().passage_ids, task().passages, strict=True)),
        {query: set(passages) for query, passages in _qrels(queries).items()},
        map_at_k=[depth],
        score_functions={"dot": dot_score},
        write_csv=False,
    )
    library.embed_inputs = lambda model, texts, **_: embedded[0][: len(texts)]
    library.compute_metrices(None, corpus_embeddings=embedded[1])


def _run(dimension: int, queries: int) -> Run:
    asked, passages = embeddings(dimension)
    scores: np.ndarray = asked[:queries] @ passages.T
    ids = task().passage_ids
    rows = (dict(zip(ids, row.tolist(), strict=True)) for row in scores)
    return dict(zip(task().query_ids, rows, strict=False))


def _qrels(queries: int) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {query: {} for query in task().query_ids[:queries]}
    for query, passage in task().positives(0, queries).tolist():
        found[task().query_ids[query]][task().passage_ids[passage]] = 1
    return found
