"""Arrange a benchmark's main measure by the languages of query and passage."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hbir.reporting.heat import (
    HeatMap,
    Pairs,
    changes_summary,
    difference_map,
    differences,
    means_summary,
    score_map,
)

STRIP = 10
"""Most languages beside each other where a map has a row per sampler."""


@dataclass(frozen=True, kw_only=True)
class LanguageMaps:
    """Hold the heat maps of one benchmark."""

    explanation: str
    scores: list[HeatMap]
    differences: list[HeatMap]


def language_maps(scores: Mapping[str, Pairs], headline: str, langs: Sequence[str], name: str) -> LanguageMaps:
    """Arrange scores by language.

    Args:
        scores: sampler → a score per query language and passage language.
        headline: the sampler whose differences to the others are shown.
        langs: the languages in order.
        name: of the measure.

    Returns:
        A map per sampler; where each query language meets one passage language alone, maps with a row per
        sampler; none for a single pair of languages.
    """
    pairs = {pair for found in scores.values() for pair in found}
    leading = scores.get(headline, {})
    others = {sampler: found for sampler, found in scores.items() if sampler != headline and leading}
    changes = {f"{headline} − {sampler}": differences(leading, found) for sampler, found in others.items()}
    largest = max((abs(value) for found in changes.values() for value in found.values()), default=0.0)
    if len(pairs) < 2:
        return LanguageMaps(explanation="", scores=[], differences=[])
    if len({query for query, _ in pairs}) == len(pairs):
        return LanguageMaps(
            explanation=f"{name} by language of the query, over passages in {_pool(pairs)}.",
            scores=[score_map(*strip) for strip in _strips(scores, langs)],
            differences=[difference_map(*strip, largest) for strip in _strips(changes, langs)],
        )
    queries, passages = ([lang for lang in langs if lang in {pair[side] for pair in pairs}] for side in (0, 1))
    axes = queries, passages
    diagonal = "; the diagonal is monolingual" if any(query == passage for query, passage in pairs) else ""
    return LanguageMaps(
        explanation=f"{name} of queries in the row's language over passages in the column's{diagonal}.",
        scores=[score_map(title, means_summary(found), axes, found) for title, found in scores.items()],
        differences=[
            difference_map(title, changes_summary(found), axes, found, largest)
            for title, found in changes.items()
        ],
    )


def _pool(pairs: set[tuple[str, str]]) -> str:
    if all(query == passage for query, passage in pairs):
        return "the same language"
    passages = {passage for _, passage in pairs}
    return passages.pop() if len(passages) == 1 else "another language"


def _strips(
    rows: Mapping[str, Pairs], langs: Sequence[str]
) -> Iterator[tuple[str, str, tuple[list[str], list[str]], Pairs]]:
    """Lay out rows over query languages, in parts that are not too wide: title, summary, axes and cells."""
    cells = {(row, query): value for row, found in rows.items() for (query, _), value in found.items()}
    queries = [lang for lang in langs if any((row, lang) in cells for row in rows)]
    for part in np.array_split(queries, math.ceil(len(queries) / STRIP)) if queries else ():
        names = part.tolist()
        yield f"{names[0]} – {names[-1]}", "", (list(rows), names), cells
