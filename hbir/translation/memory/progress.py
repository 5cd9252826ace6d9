"""Show how far a translation is: a bar on a terminal, else a line about once a minute."""

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

logger = logging.getLogger(__name__)
_EVERY = 60.0
"""Seconds between two lines."""
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {postfix}{remaining} left"


class Progress:
    """Count sentences for the reader, and tokens for the time left: the longest sentences come first."""

    def __init__(
        self,
        language: str,
        sentences: int,
        tokens: int,
        remembered: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            language: what is translated into.
            sentences: to be translated.
            tokens: of these sentences.
            remembered: sentences that need not be translated.
            clock: returns seconds.
        """
        self.language, self.sentences, self.tokens, self.remembered = language, sentences, tokens, remembered
        self.done = self.done_tokens = 0
        self.clock = clock
        self.start = self.last_line = clock()
        self.bar: tqdm[Any] = tqdm(
            total=tokens, desc=f"translate {language}", bar_format=_BAR, disable=None if sentences else True
        )

    def __enter__(self) -> Self:
        """Return the object itself.

        Returns:
            It.
        """
        return self

    def add(self, sentences: int, tokens: int) -> None:
        """Count a batch.

        Args:
            sentences: in it.
            tokens: of them.
        """
        self.done += sentences
        self.done_tokens += tokens
        counts = f"{self.done:,} of {self.sentences:,} sentences, {self._rate():,.0f} sentences/s"
        self.bar.set_postfix_str(f"{counts}, ", refresh=False)
        self.bar.update(tokens)
        if self.bar.disable and self.clock() - self.last_line >= _EVERY:
            self.last_line = self.clock()
            logger.info("%s: %s, %s left", self.language, counts, self._left())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar, and sum up what was translated, unless something went wrong.

        Args:
            kind: of the exception, if any.
            error: it.
            trace: where it was raised.
        """
        self.bar.close()
        if kind is None:
            rate = f", {self._rate():,.0f} sentences/s" if self.done else ""
            logger.info(
                "%s: %s sentences translated, %s remembered%s",
                self.language,
                f"{self.done:,}",
                f"{self.remembered:,}",
                rate,
            )

    def _rate(self) -> float:
        return self.done / max(self.clock() - self.start, 1e-9)

    def _left(self) -> str:
        seconds = (self.clock() - self.start) * (self.tokens / self.done_tokens - 1)
        return str(tqdm.format_interval(seconds))
