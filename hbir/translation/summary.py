"""Count what became of the pairs in one language."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hbir.core.errors import DataError

NO_VERSION, NO_TRANSLATION = "no_version", "no_translation"
"""Why a pair is absent without being rejected: its source lacks the language, or the engine gave nothing."""


@dataclass(frozen=True)
class TranslateSummary:
    """Count what was translated into one language."""

    language: str
    pairs: int
    """Those that are taken."""
    texts: int
    """Different ones that the engine was given."""
    truncated: int
    """Texts that lost their end, for they were longer than the model."""
    rejected: Counter[str]
    """Pairs by the check that did not let them pass."""
    absent: Counter[str]
    """Pairs without a translation, by reason."""

    @property
    def share(self) -> float:
        """Return the share of rejected pairs among those that have a translation."""
        rejected = self.rejected.total()
        return rejected / (self.pairs + rejected) if rejected else 0.0

    def stats(self) -> dict[str, Any]:
        """Return the counts as the stage keeps them; a reason without any pair is left out."""
        return {
            "pairs": self.pairs,
            "texts": self.texts,
            "truncated": self.truncated,
            "rejected": dict(self.rejected),
            "absent": dict(self.absent),
        }

    @property
    def missing(self) -> float:
        """Return the share of absent pairs among all."""
        absent = self.absent.total()
        return absent / (self.pairs + self.rejected.total() + absent) if absent else 0.0

    def check(self, largest: float, seen: str) -> None:
        """Refuse a language of which too much was rejected, or nothing is left.

        Args:
            largest: share of the pairs that have a translation.
            seen: where the rejected pairs can be looked at.

        Raises:
            DataError: when the share is larger, or there are no pairs.
        """
        if self.share > largest:
            raise self._too_many(largest, seen)
        if not self.pairs:
            raise self._no_pair(seen)

    def _no_pair(self, seen: str) -> DataError:
        counts = self.rejected + self.absent
        if not counts:
            hint = "Add a source to `collect.sources`, or see in the output of `collect` why all was dropped."
        elif not self.absent:
            hint = f"Look at {seen}, then choose another engine for this language, or other thresholds."
        elif not self.absent[NO_TRANSLATION]:
            hint = "Add a source that has the language, or take the language out of `languages`."
        else:
            hint = "Name an engine that has them in translate.languages, add a source, or take the language "
            hint += "out of `languages`."
        return DataError(
            where=f"translate {self.language}",
            expected="a pair",
            found=f"none; {_listed(counts) or 'data/english.parquet is empty'}",
            hint=hint,
        )

    def _too_many(self, largest: float, seen: str) -> DataError:
        return DataError(
            where=f"translate {self.language}",
            expected=f"at most {largest:.1%} of the pairs rejected (translate.checks.max_rejected)",
            found=f"{self.share:.1%}: {_listed(self.rejected)}",
            hint=f"Look at {seen}, then choose another engine for this language, or other thresholds.",
        )

    def warning(self, largest: float) -> str | None:
        """Tell of many absent pairs.

        Args:
            largest: share of all that needs no warning.

        Returns:
            A line for the reader, or None.
        """
        if self.missing <= largest:
            return None
        return (
            f"{self.missing:.1%} of the pairs have no translation into {self.language}: {_listed(self.absent)}"
        )

    def __str__(self) -> str:
        """Return the line that the command prints."""
        rejected = f"{_listed(self.rejected)} ({100 * self.share:.1f} %)" if self.rejected else "none"
        parts = [f"{self.language}: {self.pairs:,} pairs of {self.texts:,} texts", f"rejected: {rejected}"]
        if self.absent:
            parts.append(f"absent: {_listed(self.absent)}")
        if self.truncated:
            parts.append(f"{self.truncated:,} truncated")
        return "; ".join(parts)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
