"""Rank the positives of a retrieved run, which lists each query's best passages down to some cut-off."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.evaluation.ranking import PositiveRanks, neutral_order
from hbir.evaluation.top import K, TopPassages

logger = logging.getLogger(__name__)
Run = Mapping[str, Sequence[str]] | Mapping[str, Mapping[str, float]]
"""Query id → passage ids, best first; or query id → passage id → score."""


def rank_run(task: RetrievalTask, run: Run, tie_order: np.ndarray | None = None) -> PositiveRanks:
    """Rank every positive by a run over the pool of all languages.

    A passage that was not retrieved gets rank 0, and so do all passages of a query that is absent from the run:
    they score 0 and stay in every mean. The rank in a language is the place among the retrieved passages of it.

    Args:
        task: the benchmark.
        run: ranked or scored passages per query; passages ranked by the caller count as untied.
        tie_order: (n_passages,) int64, orders passages of equal score; `neutral_order` of the ids when None.

    Returns:
        The two ranks of each positive.

    Raises:
        DataError: when an id is unknown, a passage is listed twice for a query, or a score is NaN.
    """
    _refuse_unknown(task, "queries", run, task.query_ids)
    index = {passage_id: number for number, passage_id in enumerate(task.passage_ids)}
    _refuse_unknown(task, "passages", dict.fromkeys(p for passages in run.values() for p in passages), index)
    order = neutral_order(task.passage_ids) if tie_order is None else tie_order
    lang = np.unique(task.passage_langs, return_inverse=True)[1]
    positives = task.positives(0, len(task.queries))
    columns = np.zeros((4, len(positives)), dtype=np.int64)  # ranks, then ties: language, all
    top = np.full((len(task.queries), min(K, len(task.passages))), -1, dtype=np.int64)
    query, passage = positives.T
    ends = np.searchsorted(query, np.arange(len(task.queries) + 1))
    for number in range(len(task.queries)):
        retrieved, scores = _best_first(task, task.query_ids[number], run, index, order)
        best = retrieved[: top.shape[1]]
        top[number, : len(best)] = best
        place = {found: i for i, found in enumerate(retrieved.tolist())}
        for k in range(ends[number], ends[number + 1]):
            if passage[k] in place:
                columns[:, k] = _standing(place[passage[k]], scores, lang[retrieved])
    return PositiveRanks(
        query=query,
        passage=passage,
        gain=task.gains(0, len(task.queries)),
        rank_in_language=columns[0],
        pooled_rank=columns[1],
        tied_in_language=columns[2].astype(bool),
        tied_pooled=columns[3].astype(bool),
        top=TopPassages.of(task, 0, top),
    )


def warn_of_cut(task: RetrievalTask, run: Run, missed: int) -> None:
    """Say what a run that ends before the last relevant passage does to the scores.

    Args:
        task: the benchmark.
        run: passages per query.
        missed: relevant passages that it lacks.
    """
    depth = max(map(len, run.values()), default=0)
    several = len(set(task.passage_langs)) > 1
    logger.warning(
        "run for benchmark %s: it lists at most %d passages a query, and lacks %d relevant ones, which count "
        "as not retrieved: map%s of that depth, and not of whole rankings.%s",
        task.name,
        depth,
        missed,
        " and map_other are" if several else " is",
        _IN_ONE_LANGUAGE if several else "",
    )


_IN_ONE_LANGUAGE = (
    " Ranks in one language are counted in the same list of all languages, so monolingual and cross-lingual "
    "scores are lower the more a model prefers other languages: compare those of whole rankings (--model)."
)


def _best_first(
    task: RetrievalTask, query_id: str, run: Run, index: Mapping[str, int], order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the retrieved passages' indices, best first, and their scores: (r,) int64, (r,) float64."""
    passages = run.get(query_id, ())
    retrieved = np.array([index[passage_id] for passage_id in passages], dtype=np.int64)
    if not isinstance(passages, Mapping):
        if len(set(passages)) != len(passages):
            raise _error(task, "every passage once per query", f"one twice for query {query_id!r}")
        return retrieved, -np.arange(len(retrieved), dtype=np.float64)
    scores = np.array(list(passages.values()), dtype=np.float64)
    if np.isnan(scores).any():
        raise _error(task, "numbers as scores", f"NaN for query {query_id!r}")
    best_first = np.lexsort((order[retrieved], -scores))
    return retrieved[best_first], scores[best_first]


def _standing(place: int, scores: np.ndarray, lang: np.ndarray) -> tuple[int, int, bool, bool]:
    """Return ranks, then ties, in its language and in all, of the passage at a place of the ranking."""
    same = lang == lang[place]  # (r,)
    equal = scores == scores[place]  # (r,)
    return int(same[: place + 1].sum()), place + 1, bool((equal & same).sum() > 1), bool(equal.sum() > 1)


def _refuse_unknown(task: RetrievalTask, side: str, found: Iterable[str], known: Iterable[str]) -> None:
    names = set(known)
    unknown = [name for name in found if name not in names]
    if unknown:
        first = ", ".join(unknown[:5])
        raise _error(task, f"the {side} of the benchmark", f"{len(unknown)} unknown ids, the first {first}")


def _error(task: RetrievalTask, expected: str, found: str) -> DataError:
    return DataError(
        where=f"run for benchmark {task.name}",
        expected=expected,
        found=found,
        hint="Check that the run was made for this benchmark and version.",
    )
