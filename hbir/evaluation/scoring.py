"""Embed a benchmark with an encoder and evaluate it."""

import logging
from collections.abc import Sequence
from functools import partial

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import Entry, Task, load, name_of
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import RetrievalTask
from hbir.encoding.model import SIDES, embed
from hbir.evaluation.merge import merged
from hbir.evaluation.mteb_tasks import FAMILY, score_mteb
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.report import Evaluation, evaluate
from hbir.evaluation.streaming import evaluate_streamed

logger = logging.getLogger(__name__)


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

    def score(self, model: SentenceTransformer) -> Evaluation:
        """Evaluate an encoder in every setting that the benchmark defines.

        Args:
            model: the encoder, with its own prompts; compares by cosine or dot product.

        Returns:
            The evaluation.
        """
        if self._of_mteb:
            return score_mteb(model, self._entry, self._languages, self.params.batch_size)
        return merged([score_task(model, task, self.params) for task in self._tasks])


def score_task(model: SentenceTransformer, task: Task, params: EvaluateParams) -> Evaluation:
    """Evaluate an encoder on one task.

    Args:
        model: the encoder.
        task: queries, passages and qrels; or a corpus to be streamed.
        params: the section `evaluate`.

    Returns:
        Scores in every setting.
    """
    queries, passages = (
        partial(embed, model, side=side, batch_size=params.batch_size, progress=True) for side in SIDES
    )
    if isinstance(task, StreamedTask):
        return evaluate_streamed(task, queries(task.judged.queries), passages, params)
    return _exact(task, queries(task.queries), passages(task.passages), params.query_chunk)


def _exact(task: RetrievalTask, queries: np.ndarray, passages: np.ndarray, chunk: int) -> Evaluation:
    evaluation = evaluate(task, similarity_chunks(queries, passages, chunk))
    for setting in set(task.settings) - set(evaluation.settings):
        logger.info("%s: no query is scored in the setting %s", task.name, setting)
    return evaluation
