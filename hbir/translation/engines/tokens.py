"""Turn sentences into the tokens of a model, and back."""

import difflib
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from hbir.core.errors import LanguageError, ModelError, ParamsError
from hbir.translation.engines.families import Family


def room(tokens: int, positions: int | None) -> int:
    """Bound a translation, so that a model that repeats itself is stopped.

    Args:
        tokens: of the source.
        positions: of the model, the start included; None where they are relative.

    Returns:
        Most tokens of its translation.
    """
    enough = 3 * tokens + 32
    return enough if positions is None else min(positions - 1, enough)


def input_limit(wanted: int | None, most: int, usual: int, where: str) -> int:
    """Find the longest input of a model.

    Args:
        wanted: `max_tokens`, in tokens.
        most: that the model takes.
        usual: of the model, where nothing is wanted.
        where: what to call the engine in a message.

    Returns:
        Tokens, special ones included.

    Raises:
        ParamsError: when the model takes less than what is wanted.
    """
    if wanted is not None and wanted > most:
        raise ParamsError(
            where=f"{where}: max_tokens", expected=f"at most {most}", found=str(wanted), hint="Lower it."
        )
    return wanted or usual


_ENOUGH = 200
"""Tokens that it takes to tell that a tokenizer does not fit; a single text may be in any script."""


class SentenceTokenizer:
    """Turn sentences into tokens as a model reads them, and its tokens into sentences."""

    def __init__(self, family: Family, folder: Path, token: str | None, chosen: bool, where: str) -> None:
        """Remember where the tokenizer is; it is loaded when it is needed.

        Args:
            family: of the model.
            folder: with the tokenizer's files.
            token: what tells the model the target language.
            chosen: whether the user named that token, so that a model must know it.
            where: what to call the engine in a message.
        """
        self._family, self._folder, self._where = family, folder, where
        self._wanted, self._chosen = token, chosen

    @cached_property
    def tokenizer(self) -> Any:
        """Load the tokenizer.

        Returns:
            That of the family.

        Raises:
            ModelError: when it does not load.
        """
        import transformers

        kind = getattr(transformers, self._family.tokenizer)
        options = {"src_lang": self._family.source} if self._family.source else {}
        try:
            return kind.from_pretrained(str(self._folder), local_files_only=True, **options)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
            raise ModelError(
                where=self._where,
                expected=f"{self._folder} with {', '.join(self._family.files)}",
                found=" ".join(str(error).split())[:300],
                hint="Put the files of the tokenizer there.",
            ) from error

    @cached_property
    def token(self) -> str | None:
        """Make sure that the model knows the target language.

        Returns:
            What tells the model that; None for a model with one target.

        Raises:
            LanguageError: when the model does not know it, or has several targets and is given none.
        """
        if self._wanted is not None and self._knows(self._wanted):
            return self._wanted
        targets = getattr(self.tokenizer, "supported_language_codes", [])
        if self._family.name == "opus" and not self._chosen and len(targets) < 2:
            return None
        raise LanguageError(
            where=self._where,
            expected=f"a target that the model in {self._folder} knows",
            found=self._wanted or f"none chosen of its {len(targets)}",
            hint=_which(self._wanted or "", targets),
        )

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Count tokens.

        Args:
            texts: sentences.

        Returns:
            Tokens of each, special ones and the target's included, before any truncation.

        Raises:
            ModelError: when most of them are unknown to the tokenizer.
        """
        rows = self.tokenizer(self._addressed(texts), verbose=False)["input_ids"]
        self._check_known(rows)
        return [len(ids) for ids in rows]

    def encode(self, texts: Sequence[str], limit: int, **form: Any) -> Any:
        """Cut sentences into tokens.

        Args:
            texts: sentences.
            limit: most tokens of each; a longer one loses its end.
            **form: how the tokenizer returns them.

        Returns:
            `input_ids` and `attention_mask` of each, special tokens included.
        """
        return self.tokenizer(self._addressed(texts), truncation=True, max_length=limit, **form)

    def decode(self, tokens: Sequence[str]) -> str:
        """Join the tokens of a translation.

        Args:
            tokens: of which special ones are left out.

        Returns:
            The sentence.
        """
        words = [token for token in tokens if token not in self._special]
        text: str = self.tokenizer.convert_tokens_to_string(words)
        return text.strip()

    @cached_property
    def _special(self) -> frozenset[str | None]:
        return frozenset((*self.tokenizer.all_special_tokens, self.token))

    def _addressed(self, texts: Sequence[str]) -> list[str]:
        before = f"{self.token} " if self.token and not self._family.forced else ""
        return [before + text for text in texts]

    def _check_known(self, rows: Sequence[Sequence[int]]) -> None:
        counts = Counter(chain.from_iterable(rows))
        unknown = counts[self.tokenizer.unk_token_id]
        # What is unknown is one token as a rule, behind one for the space.
        pieces = zip(self.tokenizer.convert_ids_to_tokens(list(counts)), counts.values(), strict=True)
        tokens = unknown + sum(n for piece, n in pieces if piece.strip("▁") and piece not in self._special)
        if tokens < _ENOUGH or 2 * unknown <= tokens:
            return
        raise ModelError(
            where=self._where,
            expected=f"a tokenizer in {self._folder} that reads English",
            found=f"{unknown / tokens:.0%} of {tokens:,} tokens unknown to it",
            hint=f"Fetch the model's own {' and '.join(self._family.files)} again.",
        )

    def _knows(self, token: str) -> bool:
        known = self.tokenizer.convert_tokens_to_ids(token)
        return known is not None and known != self.tokenizer.unk_token_id


def _which(token: str, targets: Sequence[str]) -> str:
    near = difflib.get_close_matches(token, targets, n=5, cutoff=0.0) if token else sorted(targets)[:5]
    return f"Set `token`, to one such as {', '.join(near)}." if near else "Name another model."
