"""Say how fast an encoder is on this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Hold what was measured."""

    pairs: float
    """Trained on in a second."""
    passages: float
    """Embedded in a second, as for scoring."""
    query_tokens: float
    """Of the texts that it was measured on, in the mean."""
    passage_tokens: float
    parameters: int
    memory: float | None
    """Bytes of the process at its largest; None where a whole step would have taken too long."""
