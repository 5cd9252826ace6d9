"""Keep the names of DVC experiments in tags, which hold 8,000 characters each."""

from collections.abc import Iterable, Mapping

EXPERIMENTS = "hbir.experiments"
"""The tag; what does not fit goes to `hbir.experiments.2`, and so on."""
TAG_LENGTH = 8000
SEPARATOR = ", "


def names_of(tags: Mapping[str, str]) -> set[str]:
    """Read the names of the experiments that share a run.

    Args:
        tags: of the run.

    Returns:
        The names.
    """
    texts = (text for key, text in tags.items() if key == EXPERIMENTS or key.startswith(f"{EXPERIMENTS}."))
    return {name for text in texts for name in text.split(SEPARATOR) if name}


def merged_names(tags: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Add names to those of a run.

    Args:
        tags: of the run.
        names: of experiments.

    Returns:
        The tags to set; none where all names are there.
    """
    before = names_of(tags)
    if before.issuperset(names):
        return {}
    texts = [""]
    for name in sorted(before.union(names)):
        longer = f"{texts[-1]}{SEPARATOR}{name}" if texts[-1] else name
        if len(longer) <= TAG_LENGTH:
            texts[-1] = longer
        else:
            texts.append(name)
    return {EXPERIMENTS + (f".{number}" if number > 1 else ""): text for number, text in enumerate(texts, 1)}
