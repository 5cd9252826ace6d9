"""Embed a task with an encoder and evaluate it."""

from sentence_transformers import SentenceTransformer

from hbir.benchmarks.task import RetrievalTask
from hbir.encoding.model import encode
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.report import Evaluation, evaluate


def score_task(model: SentenceTransformer, task: RetrievalTask, params: EvaluateParams) -> Evaluation:
    """Evaluate an encoder on one task, by cosine similarity.

    Args:
        model: whose embeddings have length 1.
        task: queries, passages and qrels.
        params: the section `evaluate`.

    Returns:
        Scores in every setting.
    """
    queries = encode(model, task.queries, "query", params.batch_size)  # (n, d)
    passages = encode(model, task.passages, "document", params.batch_size)  # (m, d)
    return evaluate(task, similarity_chunks(queries, passages, params.query_chunk))
