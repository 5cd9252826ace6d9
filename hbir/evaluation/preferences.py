"""Say which languages the queries of a language prefer: a table of query language × passage language."""

import numpy as np
import pyarrow as pa

from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.pooled import PooledRankings
from hbir.evaluation.top import K, Pool
from hbir.evaluation.top_languages import complete

TOP, TOP_CHANCE = f"share@{K}", f"chance_share@{K}"
"""Mean share of a query's best passages that are in the language, and its share of the pool."""
FIRST, FIRST_CHANCE = "first", "chance_first"
"""How often the best relevant passage is in the language, and how often it would be without any preference: a
query's relevant passages in the language / all of its relevant passages."""
PREFERENCES = pa.schema(
    [
        ("query_lang", pa.string()),
        ("passage_lang", pa.string()),
        *((name, pa.float64()) for name in (TOP, TOP_CHANCE, FIRST, FIRST_CHANCE)),
    ]
)


class Preferences:
    """Count languages of best passages over the queries of one chunk after another."""

    def __init__(self, task: RetrievalTask, pool: Pool) -> None:
        """Begin with nothing counted.

        Args:
            task: the benchmark.
            pool: what its queries are ranked against.
        """
        self._task, self._pool = task, pool
        n, m = len(task.languages), len(pool.languages)
        self._top, self._first, self._chance = (np.zeros((n, m)) for _ in range(3))
        self._searched, self._ranked = np.zeros(n), np.zeros(n)

    def add_top(self, query: np.ndarray, lang: np.ndarray) -> None:
        """Count the languages of the best passages.

        Args:
            query: (n,) int64, indices of queries.
            lang: (n, k) int64, languages of their best passages; queries that retrieved fewer are left out.
        """
        query_lang, lang = self._task.query_codes[query][complete(lang)], lang[complete(lang)]
        pairs = query_lang[:, None], lang
        np.add.at(self._top, tuple(np.broadcast_arrays(*pairs)), 1 / lang.shape[1])
        self._searched += np.bincount(query_lang, minlength=len(self._searched))

    def add_ranks(self, pooled: PooledRankings) -> None:
        """Count the language of the best relevant passage, of queries with relevant passages in several.

        Args:
            pooled: the ranks; queries of which no relevant passage was retrieved are left out.
        """
        start = pooled.rankings.start
        chosen = (pooled.languages > 1) & np.isfinite(pooled.rankings.rank[start])  # (n_rankings,)
        query_lang = pooled.query_lang[chosen]
        np.add.at(self._first, (query_lang, pooled.lang[start[chosen]]), 1)
        self._ranked += np.bincount(query_lang, minlength=len(self._ranked))
        # Of 3 relevant passages in one language and 1 in another, one of the 3 comes first in 3 of 4 rankings.
        chance = pooled.in_language[chosen] / pooled.rankings.n_relevant[chosen][:, None]
        np.add.at(self._chance[:, : chance.shape[1]], query_lang, chance)

    def table(self, ranked: bool = True) -> pa.Table:
        """Return the shares.

        Args:
            ranked: whether all relevant passages were; else it is not known which is the best in every query.

        Returns:
            A table of PREFERENCES with a row per query language that has queries and passage language that has
            passages; null where no query says anything.
        """
        shares = self._pool.shares  # (languages,)
        means = {
            TOP: _over(self._top, self._searched),
            TOP_CHANCE: _over(self._searched[:, None] * shares, self._searched),
            FIRST: _over(self._first, self._ranked * ranked),
            FIRST_CHANCE: _over(self._chance, self._ranked * ranked),
        }
        queries = np.bincount(self._task.query_codes, minlength=len(self._task.languages)) > 0
        row, column = np.nonzero(queries[:, None] & (shares > 0))
        names = pa.array(self._pool.languages, pa.string())
        values = [pa.array(mean[row, column], from_pandas=True) for mean in means.values()]
        return pa.table([names.take(pa.array(row)), names.take(pa.array(column)), *values], schema=PREFERENCES)


def _over(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Divide the rows of (query languages, pool's languages) sums by their counts; NaN where these are 0."""
    return np.asarray(
        np.divide(sums, counts[:, None], out=np.full(sums.shape, np.nan), where=counts[:, None] > 0)
    )
