"""Count what was collected."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CollectSummary:
    """Count what was collected."""

    pairs: int
    by_source: dict[str, Counter[str]] = field(default_factory=dict)
    """Source → split → pairs."""
    by_relation: Counter[str] = field(default_factory=Counter)
    """For sources that label their pairs."""
    by_language: Counter[str] = field(default_factory=Counter)
    """Pairs that are there in a language already, English among them; empty where no source is parallel."""
    dropped: Counter[str] = field(default_factory=Counter)
    """What was left out, by `source: reason`."""

    def __str__(self) -> str:
        """Return the line that the command prints."""
        sources = (f"{name} {splits.total()} ({_listed(splits)})" for name, splits in self.by_source.items())
        parts = [f"{self.pairs} pairs", f"by source: {', '.join(sources) or 'none'}"]
        if self.by_relation:
            parts.append(f"by relation: {_listed(self.by_relation)}")
        if self.by_language:
            parts.append(f"parallel in: {_listed(self.by_language)}")
        return "; ".join([*parts, f"dropped: {_listed(self.dropped)}"])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
