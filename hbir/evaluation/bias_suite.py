"""Compute all measures of language bias, some queries after the other, beside the other scores."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import MULTILINGUAL, SETTINGS, RetrievalTask
from hbir.evaluation import language_bias, top_languages
from hbir.evaluation.pooled import PooledRankings
from hbir.evaluation.preferences import Preferences
from hbir.evaluation.query_scores import QueryScores
from hbir.evaluation.top import Pool, TopPassages
from hbir.evaluation.top_languages import CORRELATION, rank_correlation

BIAS_NAMES = (*language_bias.MEASURES, *top_languages.MEASURES, CORRELATION)
"""The measures, beside rank distance."""
_UNCUT = "map_other"
"""Looks at the whole ranking, as mAP does."""


class BiasSuite:
    """Hold every measure of every query in the pool of all languages."""

    def __init__(self, task: RetrievalTask, pool: Pool) -> None:
        """Begin with nothing known.

        Args:
            task: the benchmark.
            pool: what its queries are ranked against.
        """
        self._task, self._pool = task, pool
        self._preferences = Preferences(task, pool)
        self._tops: list[TopPassages] = []
        self._values = np.full((len(task.queries), len(BIAS_NAMES)), np.nan)  # (n_queries, measures)

    def add(self, pooled: PooledRankings, top: TopPassages | None) -> None:
        """Measure some queries.

        Args:
            pooled: the ranks of their positives.
            top: their best passages, where somebody looked for them.
        """
        for name, measure in language_bias.MEASURES.items():
            self._values[pooled.query, BIAS_NAMES.index(name)] = measure(pooled)
        self._preferences.add_ranks(pooled)
        if top is not None:
            lang = top.lang[pooled.query - top.first]  # (n_rankings, k)
            for name, of_top in top_languages.MEASURES.items():
                measured = of_top(pooled.query_lang, lang, self._pool)
                self._values[pooled.query, BIAS_NAMES.index(name)] = measured
            self._preferences.add_top(pooled.query, lang)
            self._tops.append(top)

    def preferences(self, missed: bool) -> pa.Table:
        """Return which languages the queries of a language prefer.

        Args:
            missed: whether a relevant passage was not retrieved.

        Returns:
            A table of PREFERENCES.
        """
        return self._preferences.table(ranked=not missed)

    def beside(self, scores: QueryScores, missed: bool, top_k: int | None) -> QueryScores:
        """Put the measures beside the other ones.

        Args:
            scores: those of all queries and pools.
            missed: whether a relevant passage was not retrieved; what needs all their ranks is then left out.
            top_k: passages retrieved per query and pool; None where all were ranked.

        Returns:
            The scores with further columns, NaN outside the multilingual setting.
        """
        if sum(len(top.passage) for top in self._tops) == len(self._task.queries):
            passage, lang = (
                np.concatenate([getattr(top, name) for top in self._tops]) for name in ("passage", "lang")
            )  # (n_queries, k) each
            every = TopPassages(first=0, passage=passage, lang=lang)
            self._values[:, BIAS_NAMES.index(CORRELATION)] = rank_correlation(self._task, every)
        unknown = [*(language_bias.WHOLE if missed else ()), *([_UNCUT] if top_k is not None else ())]
        self._values[:, [BIAS_NAMES.index(name) for name in unknown]] = np.nan
        pooled = scores.setting == SETTINGS.index(MULTILINGUAL)
        further = np.full((len(scores.query), len(BIAS_NAMES)), np.nan)
        further[pooled] = self._values[scores.query[pooled]]
        return replace(
            scores, names=(*scores.names, *BIAS_NAMES), values=np.concatenate([scores.values, further], axis=1)
        )


def count_undefined(scores: QueryScores) -> dict[str, int] | None:
    """Count the queries of which a measure says nothing.

    Args:
        scores: with the measures of language bias.

    Returns:
        Measure → queries scored in the multilingual setting without it; None where none is scored there.
    """
    pooled = scores.values[scores.setting == SETTINGS.index(MULTILINGUAL)]
    if not len(pooled):
        return None
    return {name: int(np.isnan(pooled[:, scores.names.index(name)]).sum()) for name in BIAS_NAMES}
