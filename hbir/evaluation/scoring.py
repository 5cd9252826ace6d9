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
from hbir.core.registry import Entry
from hbir.encoding.embed import embed
from hbir.encoding.precision import embedding_in
from hbir.encoding.prompts import SIDES
from hbir.encoding.ranks import ALONE, Ranks
from hbir.evaluation.adjustments import Adjustment
from hbir.evaluation.evaluate import Evaluation, evaluate, merged
from hbir.evaluation.mteb_tasks import FAMILY, score_mteb
from hbir.evaluation.params import CLUSTER, EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.run_writer import RunWriter, without_scores
from hbir.evaluation.same import require_same_tasks
from hbir.evaluation.streamed import passage_workers, score_streamed
from hbir.retrieval.workers import Load, PassageWorkers

logger = logging.getLogger(__name__)
_MOST_SCORES = 1 << 26
"""In one block of float32 scores: 256 MiB, whatever `query_chunk` says."""


class Benchmark:
    """Score encoders on one benchmark, which is loaded once."""

    def __init__(
        self, entry: Entry, languages: Sequence[str] | None, params: EvaluateParams, ranks: Ranks = ALONE
    ) -> None:
        """Load the benchmark.

        Args:
            entry: as in params.yaml.
            languages: the project's languages, of which those are scored that the benchmark has; None for all.
            params: the section `evaluate`.
            ranks: processes that embed and search together. The first one does the rest; all get the scores.

        Raises:
            HbirError: when it cannot be loaded, or is another in one of the processes.
        """
        self.name = name_of(entry)
        self.params, self._ranks = params, ranks
        self._of_mteb = self.name.startswith(f"{FAMILY}/")
        self._entry, self._languages = entry, languages
        self._tasks: Sequence[Task] = [] if self._of_mteb else load(entry, languages)
        require_same_tasks(ranks, self.name, self._tasks)

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
        sizes = [_bounded(self.params.query_chunk, len(task.passages)) for task in held]
        scored = self._ranks.by_first(lambda: merged(list(map(score, held, sizes))))
        return replace(scored, task=replace(scored.task, precision=self.params.precision))

    def score(
        self,
        model: SentenceTransformer,
        writer: RunWriter | None = None,
        adjustment: Adjustment | None = None,
        load: Load | None = None,
        where: str = CLUSTER,
    ) -> Evaluation:
        """Evaluate an encoder in every setting that the benchmark defines.

        Args:
            model: the encoder, with its own prompts; compares by cosine or dot product.
            writer: who writes its ranking, too.
            adjustment: what is done to embeddings, where all passages are held; None for nothing.
            load: loads the encoder in workers on a cluster, where the params name one; None has none there.
            where: the param or option that names the cluster, for a message.

        Returns:
            The evaluation.

        Raises:
            DataError: when there is no ranking to write.
        """
        if writer and (self._of_mteb or any(isinstance(task, StreamedTask) for task in self._tasks)):
            raise without_scores(self.name)
        with embedding_in(model, self.params.precision):
            if self._of_mteb:
                scored = self._ranks.by_first(
                    lambda: score_mteb(model, self._entry, self._languages, self.params.batch_size)
                )
            else:
                workers = passage_workers(model, load, self.params, where)
                given = self.params, writer, adjustment, self._ranks, workers
                scored = merged([score_task(model, task, *given) for task in self._tasks])
        return replace(scored, task=replace(scored.task, precision=self.params.precision))


def score_task(
    model: SentenceTransformer,
    task: Task,
    params: EvaluateParams,
    writer: RunWriter | None = None,
    adjustment: Adjustment | None = None,
    ranks: Ranks = ALONE,
    workers: PassageWorkers | None = None,
) -> Evaluation:
    """Evaluate an encoder on one task.

    Args:
        model: the encoder.
        task: queries, passages and qrels; or a corpus to be streamed.
        params: the section `evaluate`.
        writer: who writes the ranking of a task whose passages are held.
        adjustment: what is done to embeddings of such a task; None for nothing.
        ranks: processes that embed and search together.
        workers: who embeds the passages of a streamed corpus on a cluster; None for these processes.

    Returns:
        Scores in every setting.

    Raises:
        DataError: when no query has a relevant passage in any setting.
    """
    embed_side = partial(embed, model, batch_size=params.batch_size)
    if isinstance(task, StreamedTask):
        judged = task.judged
        queries = embed_side(judged.queries, "query", progress=True, ranks=ranks)
        evaluation = score_streamed(model, task, queries, params, ranks, workers)
    else:
        judged = task
        texts = {"query": task.queries, "document": task.passages}
        sides = [embed_side(texts[side], side, progress=True, ranks=ranks) for side in SIDES]
        evaluation = ranks.by_first(lambda: _exact(task, sides, params, writer, adjustment))
    return _with_queries(judged, evaluation)


def _exact(
    task: RetrievalTask,
    sides: Sequence[np.ndarray],
    params: EvaluateParams,
    writer: RunWriter | None,
    adjustment: Adjustment | None,
) -> Evaluation:
    queries, passages = sides
    if adjustment:
        queries = adjustment(queries, task.query_langs)
        passages = adjustment(passages, task.passage_langs)
    scores = similarity_chunks(queries, passages, _bounded(params.query_chunk, len(passages)))
    scores = writer.through(task, scores) if writer else scores
    return evaluate(task, scores, language_bias=params.language_bias)


def _bounded(chunk: int, passages: int) -> int:
    """Return how many queries are scored at once."""
    return max(1, min(chunk, _MOST_SCORES // passages))


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
