"""Leave out texts that are empty or too long."""

from collections import Counter

from hbir.collection.params import CollectParams
from hbir.collection.source import Pair
from hbir.core.text import is_empty


def clean(pair: Pair, params: CollectParams, dropped: Counter[str]) -> Pair | None:
    """Check a pair in every language at hand.

    Args:
        pair: as a source gave it.
        params: the longest texts allowed.
        dropped: counts what is left out, by reason.

    Returns:
        The pair without the languages whose texts are empty or too long; None when English is one of them.
    """
    if reason := _fault(pair.query, pair.passage, params):
        dropped[reason] += 1
        return None
    if not pair.versions:
        return pair
    faults = {language: _fault(*version, params) for language, version in pair.versions.items()}
    dropped.update(f"version with {reason}" for reason in faults.values() if reason)
    return pair._replace(versions={lang: text for lang, text in pair.versions.items() if not faults[lang]})


def _fault(query: str, passage: str, params: CollectParams) -> str:
    for side, text, longest in (
        ("query", query, params.max_query_characters),
        ("passage", passage, params.max_passage_characters),
    ):
        if is_empty(text):
            return f"empty {side}"
        if len(text) > longest:
            return f"over-long {side}"
    return ""
