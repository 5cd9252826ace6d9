"""Embed a benchmark with an encoder and evaluate it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import Task, load, name_of
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.files import require_writable
from hbir.core.lines import expanded
from hbir.core.machine import main_root
from hbir.core.precision import Precision
from hbir.core.registry import Entry
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.precision import embedding_in
from hbir.encoding.prompts import SIDES
from hbir.evaluation.adjustments import Adjustment
from hbir.evaluation.evaluate import Evaluation, evaluate, evaluate_ranks, merged
from hbir.evaluation.mteb_tasks import FAMILY, score_mteb
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import PositiveRanks, similarity_chunks
from hbir.evaluation.run_writer import RunWriter, without_scores
from hbir.evaluation.top import K, Pool, TopPassages
from hbir.retrieval.index import Embed
from hbir.retrieval.streamed import Cache, search_streamed

logger = logging.getLogger(__name__)
_MOST_SCORES = 1 << 26
"""In one block of float32 scores: 256 MiB, whatever `query_chunk` says."""
_CHUNK_OF_BATCHES = 128
"""Batches of passages that are embedded, then searched."""


class Benchmark:
    """Score encoders on one benchmark, which is loaded once."""

    def __init__(self, entry: Entry, languages: Sequence[str] | None, params: EvaluateParams) -> None:
        """Load the benchmark.

        Args:
            entry: as in params.yaml.
            languages: the project's languages, of which those are scored that the benchmark has; None for all.
            params: the section `evaluate`.
        """
        self.name = name_of(entry)
        self.params = params
        self._of_mteb = self.name.startswith(f"{FAMILY}/")
        self._entry, self._languages = entry, languages
        self._tasks: Sequence[Task] = [] if self._of_mteb else load(entry, languages)

    @property
    def is_held(self) -> bool:
        """Tell whether all passages are held in memory, with their languages."""
        return not self._of_mteb and all(isinstance(task, RetrievalTask) for task in self._tasks)

    def score_held(self, score: Callable[[RetrievalTask, int], Evaluation]) -> Evaluation:
        """Evaluate what is no encoder.

        Args:
            score: evaluates a task, so many queries at once.

        Returns:
            The evaluation; it names the precision of the params, for it stands beside what was embedded so.
        """
        held = [task for task in self._tasks if isinstance(task, RetrievalTask)]
        scored = merged([score(task, _bounded(self.params.query_chunk, len(task.passages))) for task in held])
        return replace(scored, task=replace(scored.task, precision=self.params.precision))

    def score(
        self,
        model: SentenceTransformer,
        writer: RunWriter | None = None,
        adjustment: Adjustment | None = None,
    ) -> Evaluation:
        """Evaluate an encoder in every setting that the benchmark defines.

        Args:
            model: the encoder, with its own prompts; compares by cosine or dot product.
            writer: who writes its ranking, too.
            adjustment: what is done to embeddings, where all passages are held; None for nothing.

        Returns:
            The evaluation.

        Raises:
            DataError: when there is no ranking to write.
        """
        if writer and (self._of_mteb or any(isinstance(task, StreamedTask) for task in self._tasks)):
            raise without_scores(self.name)
        with embedding_in(model, self.params.precision):
            if self._of_mteb:
                scored = score_mteb(model, self._entry, self._languages, self.params.batch_size)
            else:
                scored = merged(
                    [score_task(model, task, self.params, writer, adjustment) for task in self._tasks]
                )
        return replace(scored, task=replace(scored.task, precision=self.params.precision))


def score_task(
    model: SentenceTransformer,
    task: Task,
    params: EvaluateParams,
    writer: RunWriter | None = None,
    adjustment: Adjustment | None = None,
) -> Evaluation:
    """Evaluate an encoder on one task.

    Args:
        model: the encoder.
        task: queries, passages and qrels; or a corpus to be streamed.
        params: the section `evaluate`.
        writer: who writes the ranking of a task whose passages are held.
        adjustment: what is done to embeddings of such a task; None for nothing.

    Returns:
        Scores in every setting.

    Raises:
        DataError: when no query has a relevant passage in any setting.
    """
    queries, passages = (
        partial(embed, model, side=side, batch_size=params.batch_size, progress=True) for side in SIDES
    )
    if isinstance(task, StreamedTask):
        cache = _cache(model, params.embeddings, params.precision) if params.embeddings else None
        evaluation = _streamed(task, queries(task.judged.queries), passages, cache, params)
    else:
        embedded = queries(task.queries), passages(task.passages)
        if adjustment:
            langs = task.query_langs, task.passage_langs
            embedded = adjustment(embedded[0], langs[0]), adjustment(embedded[1], langs[1])
        evaluation = _exact(task, *embedded, params, writer)
    return _with_queries(task.judged if isinstance(task, StreamedTask) else task, evaluation)


def _exact(
    task: RetrievalTask,
    queries: np.ndarray,
    passages: np.ndarray,
    params: EvaluateParams,
    writer: RunWriter | None,
) -> Evaluation:
    scores = similarity_chunks(queries, passages, _bounded(params.query_chunk, len(passages)))
    scores = writer.through(task, scores) if writer else scores
    return evaluate(task, scores, language_bias=params.language_bias)


def _bounded(chunk: int, passages: int) -> int:
    """Return how many queries are scored at once."""
    return max(1, min(chunk, _MOST_SCORES // passages))


def _streamed(
    task: StreamedTask, queries: np.ndarray, embed_passages: Embed, cache: Cache | None, params: EvaluateParams
) -> Evaluation:
    size = _CHUNK_OF_BATCHES * params.batch_size
    found = search_streamed(task, queries, embed_passages, cache, size, K if params.language_bias else 0)
    top = None if found.first is None else TopPassages(first=0, passage=found.first[0], lang=found.first[1])
    query, passage = task.judged.positives(0, len(queries)).T
    ranks = PositiveRanks(
        query=query,
        passage=passage,
        gain=task.judged.gains(0, len(queries)),
        rank_in_language=found.rank_in_language,
        pooled_rank=found.pooled_rank,
        tied_in_language=found.tied_in_language,
        tied_pooled=found.tied_pooled,
        top=top,
    )
    pool = Pool(languages=tuple(found.counts), counts=np.array(list(found.counts.values())))
    evaluation = evaluate_ranks(task.judged, [ranks], task.top_k, params.language_bias, pool)
    return replace(evaluation, task=replace(evaluation.task, passages=found.passages))


def _cache(model: SentenceTransformer, folder: str, precision: Precision) -> Cache | None:
    """Find the folder of the main repository, since a temporary one of an experiment disappears."""
    path = main_root() / expanded(folder, "params.yaml: evaluate.embeddings")
    try:
        require_writable(path / ".folder")
    except DataError as error:
        logger.warning("Embeddings are not kept, since %s cannot be written (%s)", path, error.found)
        return None
    return Cache(path, encoder_fingerprint(model, precision))


def _with_queries(task: RetrievalTask, evaluation: Evaluation) -> Evaluation:
    if not evaluation.settings:
        raise DataError(
            where=f"benchmark {task.name}",
            expected="a query with a relevant passage in one of its settings",
            found="none",
            hint="Choose more languages, or check the qrels.",
        )
    for setting in set(task.settings) - set(evaluation.settings):
        logger.info("%s: no query is scored in the setting %s", task.name, setting)
    return evaluation
