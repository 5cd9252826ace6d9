"""Score an encoder on a benchmark whose corpus is streamed."""

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.streamed import StreamedTask
from hbir.core.errors import DataError
from hbir.core.files import require_writable
from hbir.core.lines import expanded
from hbir.core.machine import main_root
from hbir.core.objects.urls import checked_url, is_url
from hbir.core.paths import EMBEDDINGS
from hbir.core.precision import Precision
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.ranks import ALONE, Ranks
from hbir.evaluation.evaluate import Evaluation, evaluate_ranks
from hbir.evaluation.params import CLUSTER, EvaluateParams
from hbir.evaluation.ranking import PositiveRanks
from hbir.evaluation.top import K, Pool, TopPassages
from hbir.retrieval.kept import require_store
from hbir.retrieval.source import Cache
from hbir.retrieval.streamed import RetrievedRanks, search_streamed
from hbir.retrieval.workers import Embedding, Load, PassageWorkers

logger = logging.getLogger(__name__)
_WHERE = "params.yaml: evaluate.embeddings"
_CHUNK_OF_BATCHES = 128
"""Batches of passages that are embedded, then searched."""


def score_streamed(
    model: SentenceTransformer,
    task: StreamedTask,
    queries: np.ndarray,
    params: EvaluateParams,
    ranks: Ranks,
    workers: PassageWorkers | None = None,
) -> Evaluation:
    """Search the corpora and evaluate what was found.

    Args:
        model: the encoder.
        task: the benchmark.
        queries: (n_queries, d) embeddings.
        params: the section `evaluate`.
        ranks: processes that embed and search together, each chunks of passages of its own.
        workers: who embeds passages on a cluster; None for these processes.

    Returns:
        Scores in every setting.
    """
    size = _CHUNK_OF_BATCHES * params.batch_size
    here = partial(embed, model, side="document", batch_size=params.batch_size, progress=ranks.is_first)
    cache = find_cache(model, params.embeddings, params.precision, ranks) if params.embeddings else None
    told = K if params.language_bias else 0
    found = search_streamed(task, queries, workers or here, cache, size, told, ranks)
    return ranks.by_first(lambda: _evaluated(task, found, params.language_bias))


def passage_workers(
    model: SentenceTransformer, load: Load | None, params: EvaluateParams, where: str = CLUSTER
) -> PassageWorkers | None:
    """Find out who embeds the passages of streamed corpora.

    Args:
        model: the encoder.
        load: loads it elsewhere; None where that cannot be done.
        params: the section `evaluate`.
        where: the param or option that names the cluster, for a message.

    Returns:
        Workers on the cluster of the params, which are started when there is a passage; None for this process.

    Raises:
        ParamsError: when a cluster is named and Ray is not installed.
    """
    if params.cluster is None or load is None:
        return None
    how = Embedding(load=load, precision=params.precision, batch_size=params.batch_size)
    return PassageWorkers(model, how, params.cluster, where)


def _evaluated(task: StreamedTask, found: RetrievedRanks, language_bias: bool) -> Evaluation:
    judged = task.judged
    top = None if found.first is None else TopPassages(first=0, passage=found.first[0], lang=found.first[1])
    query, passage = judged.positives(0, len(judged.queries)).T
    ranks = PositiveRanks(
        query=query,
        passage=passage,
        gain=judged.gains(0, len(judged.queries)),
        rank_in_language=found.rank_in_language,
        pooled_rank=found.pooled_rank,
        tied_in_language=found.tied_in_language,
        tied_pooled=found.tied_pooled,
        top=top,
    )
    pool = Pool(languages=tuple(found.counts), counts=np.array(list(found.counts.values())))
    evaluation = evaluate_ranks(judged, [ranks], task.top_k, language_bias, pool)
    return replace(evaluation, task=replace(evaluation.task, passages=found.passages))


def find_cache(
    model: SentenceTransformer, folder: str, precision: Precision, ranks: Ranks = ALONE
) -> Cache | None:
    """Find the folder of the main repository, since a temporary one of an experiment disappears.

    Args:
        model: the encoder.
        folder: as in params.yaml; a URL for an object store.
        precision: in which it embeds.
        ranks: the processes, of which the first one will write.

    Returns:
        Where embeddings are kept; None where that folder cannot be written, which is logged.
    """
    url = checked_url(folder, _WHERE) if is_url(folder) else ""
    path = main_root() / (EMBEDDINGS if url else expanded(folder, _WHERE))
    if not ranks.by_first(lambda: _can_keep(path, url)):
        return None
    return Cache(path, encoder_fingerprint(model, precision), url)


def _can_keep(path: Path, url: str) -> bool:
    try:
        require_writable(path / ".folder")
        if url:
            require_store(url)
    except DataError as error:
        logger.warning("Embeddings are not kept, since %s cannot be written (%s)", url or path, error.found)
        return False
    return True
