"""Share what every model has that translates a batch of sentences."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hbir.translation.engines.engine import Assignment
from hbir.translation.engines.families import Family
from hbir.translation.engines.loading import forward_faults
from hbir.translation.engines.targets import check_languages, is_named_opus, token_of
from hbir.translation.engines.tokens import SentenceTokenizer, room


class SentenceModel(ABC):
    """Translate sentences in batches; a child says how the model is loaded and run."""

    _tokens: SentenceTokenizer
    _limit: int
    """Most tokens of an input."""
    _positions: int | None
    """Of the model; None where they are relative."""

    def __init__(self, family: Family, assignment: Assignment, token: str | None) -> None:
        """Find what tells the model the target language.

        Args:
            family: of the model.
            assignment: what it is made for.
            token: what the user wants before a text; None for the table's.

        Raises:
            LanguageError: when the family does not know the language.
        """
        self._target, self._threads, self._where = assignment
        self._family, self._chosen = family, token
        self._token = token_of(family, self._target, token, self._where)

    @property
    def limit(self) -> int:
        """Return the longest input in tokens, special ones included."""
        return self._limit

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Count tokens.

        Args:
            texts: sentences.

        Returns:
            Tokens of each, special ones included, before any truncation.
        """
        return self._tokens.lengths(texts)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate one batch in one go.

        Args:
            texts: sentences, none empty; those beyond the limit lose their end.

        Returns:
            As many translations, in the same order; one that was stopped is Unfinished.
        """
        batch, lengths = self._encode(texts)
        rooms = [room(tokens, self._positions) for tokens in lengths]
        with forward_faults(self._where):
            found = self._generate(batch, max(rooms))
        return [self._sentence(tokens, most) for tokens, most in zip(found, rooms, strict=True)]

    def _read_with(self, folder: Path, named: str | None) -> None:
        """Take the tokenizer of a folder, and see that the model translates into the target language.

        Args:
            folder: with the tokenizer's files.
            named: the model that the user named.
        """
        if is_named_opus(self._family, named, self._chosen):
            check_languages(folder, self._target, self._where)
        known = self._chosen is not None
        self._tokens = SentenceTokenizer(self._family, folder, self._token, known, self._where)

    @abstractmethod
    def _encode(self, texts: Sequence[str]) -> tuple[Any, list[int]]:
        """Return the batch as the model reads it, and the tokens of each sentence."""

    @abstractmethod
    def _generate(self, batch: Any, longest: int) -> Sequence[Any]:
        """Return the tokens of each translation, at most as many as the longest room."""

    @abstractmethod
    def _sentence(self, tokens: Any, most: int) -> str:
        """Return the translation within its own room; Unfinished where it did not end there."""
