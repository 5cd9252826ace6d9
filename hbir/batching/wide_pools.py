"""Keep pairs apart that collide in more languages than the two that were drawn for them."""

from functools import cached_property
from typing import ClassVar

import numpy as np

from hbir.batching.examples import Example, Examples
from hbir.batching.pool import Pool


class EitherPool(Pool):
    """Deal pairs in two languages, whose passages may still change to the language of their queries.

    Two of one step collide neither before nor after, whichever of them change.
    """

    together: ClassVar[int] = 2

    def keys(self, examples: Examples) -> np.ndarray:
        """Look up what examples could collide in.

        Args:
            examples: (m,) any.

        Returns:
            (5, m) passage, query, the query's text, and the passage's text in both languages.
        """
        passages, queries, passage_texts, query_texts = super().keys(examples)
        texts = self.inventory.passage_texts[examples.rows, examples.query_langs]
        return np.stack([passages, queries, query_texts, passage_texts, texts])

    def keys_of(self, example: Example) -> tuple[int, ...]:
        """Look up what one example could collide in.

        Args:
            example: any.

        Returns:
            (5,) as `keys` has them.
        """
        passage, query, passage_text, query_text = super().keys_of(example)
        text = self.inventory.passage_texts.item(example.row, example.query_lang)
        return passage, query, query_text, passage_text, text


class QueryPool(Pool):
    """Deal queries in one language, each with its passages in all languages that its pair exists in."""

    @cached_property
    def present(self) -> np.ndarray:
        """Tell by set of languages which of the pool's languages are in it: (p, k) bool."""
        return self.inventory.sets[:, self.languages]

    @cached_property
    def _widths(self) -> list[int]:
        """Count by set of languages the passages of a query: (p,)."""
        counts: list[int] = self.present.sum(axis=1).tolist()
        return counts

    @cached_property
    def widest(self) -> int:
        """Return the most passages that one query of the source has."""
        occur = self.inventory.set_counts[self.source] > 0
        return max(self.present[occur].sum(axis=1).tolist(), default=0)

    def width(self, row: int) -> int:
        """Count the passages of a query.

        Args:
            row: of the pool.

        Returns:
            The languages that its pair exists in.
        """
        number: int = self.inventory.set_of.item(row)
        return self._widths[number]

    def keys(self, examples: Examples) -> np.ndarray:
        """Look up what queries with their passages could collide in.

        Args:
            examples: (m,) any.

        Returns:
            (3 + k, m) passage, query, the query's text, and the passage's text in every language; or, where
            there is no text, the passage, once more.
        """
        inventory, rows = self.inventory, examples.rows
        passages = inventory.passages[rows]
        texts = inventory.passage_texts[np.ix_(rows, self.languages)]  # (m, k)
        texts = np.where(texts > 0, texts, passages[:, None])
        return np.stack(
            [passages, inventory.queries[rows], inventory.query_texts[rows, examples.query_langs], *texts.T]
        )

    def keys_of(self, example: Example) -> tuple[int, ...]:
        """Look up what one query with its passages could collide in.

        Args:
            example: any.

        Returns:
            (3 + k,) as `keys` has them.
        """
        inventory, (row, query_lang, _) = self.inventory, example
        passage = inventory.passages.item(row)
        texts = inventory.passage_texts[row, self.languages].tolist()
        query = inventory.queries.item(row), inventory.query_texts.item(row, query_lang)
        return passage, *query, *(text or passage for text in texts)
