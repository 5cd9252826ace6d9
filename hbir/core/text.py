"""Normalise texts for comparison."""

import unicodedata


def normalise(text: str) -> str:
    """Fold what does not make two texts different to a reader.

    Args:
        text: any string.

    Returns:
        The text in NFKC, case-folded, with runs of white space as one space.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
