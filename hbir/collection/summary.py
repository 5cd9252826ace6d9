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
    cut_short: int = 0
    """Pairs that share so much with so many others that they were not compared with all of them."""

    def __str__(self) -> str:
        """Return what the command prints: a line in all, and one for each source."""
        lines = [f"{self.pairs} pairs"]
        for name, splits in self.by_source.items():
            lines.append(f"{name}: {splits.total()} pairs ({_listed(splits)}); dropped: {self._dropped(name)}")
        if self.by_relation:
            lines.append(f"by relation: {_listed(self.by_relation)}")
        if self.by_language:
            lines.append(f"parallel in: {_listed(self.by_language)}")
        if self.cut_short:
            lines.append(f"compared with some of the pairs that are like them alone: {self.cut_short}")
        return "\n  ".join(lines)

    def _dropped(self, source: str) -> str:
        start = f"{source}: "
        reasons = {key.removeprefix(start): n for key, n in self.dropped.items() if key.startswith(start)}
        return _listed(Counter(reasons))


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
