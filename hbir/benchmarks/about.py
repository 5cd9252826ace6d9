"""Say what is known of a benchmark beside its data: what it asks, where it is from, and under which licence."""

from dataclasses import dataclass

UNKNOWN = "unknown"
"""Nobody of this project has verified it."""
LAREQA = "Roy et al., 2020, LAReQA, arXiv 2004.05484"
XTREME_R_PAPER = "Ruder et al., 2021, XTREME-R, EMNLP, arXiv 2104.07412"


@dataclass(frozen=True, kw_only=True)
class About:
    """Hold what a reader of a table of scores wants to know of the benchmark."""

    name: str
    """As in params.yaml; `<name>` stands for what a family takes."""
    asks: str
    """What is sought, and in how many languages."""
    settings: str
    """In words."""
    measures: str
    """In words, the main one first."""
    files: str
    """What its folder holds."""
    source: str
    """Where these files are from."""
    hub: str = "none"
    """Where they are on the Hub, in the form that the loader reads."""
    revision: str = UNKNOWN
    """Which of several releases or commits is meant."""
    licence: str = UNKNOWN
    citation: str = UNKNOWN
    counts: str = UNKNOWN
    """Official numbers of queries and passages; a loader that knows them compares, and warns."""
