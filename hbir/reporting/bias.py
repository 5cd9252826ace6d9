"""Arrange what the reports say of language bias."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hbir.benchmarks.task import MULTILINGUAL
from hbir.evaluation.preferences import FIRST, FIRST_CHANCE, TOP, TOP_CHANCE
from hbir.evaluation.results import SamplerResults
from hbir.reporting.bias_names import BIAS_NAMES
from hbir.reporting.columns import Column
from hbir.reporting.heat import HeatMap, Pairs, difference_map
from hbir.reporting.scores import ScoreTable, score_table

_PARTS = (
    (
        "Languages of the first ten passages",
        "Mean share of a query's first ten passages that is in the column's language, minus the share of the "
        "pool that is. Blue: more than a ranking without preferences has. Orange: less.",
        TOP,
        TOP_CHANCE,
    ),
    (
        "Language of the best-ranked relevant passage",
        "How often it is in the column's language, minus how often it would be if all relevant passages had "
        "the same chance: the share of them that is in that language.",
        FIRST,
        FIRST_CHANCE,
    ),
)


@dataclass(frozen=True, kw_only=True)
class PreferenceMaps:
    """Hold a map of query language × passage language per sampler."""

    title: str
    explanation: str
    maps: list[HeatMap]


@dataclass(frozen=True, kw_only=True)
class BiasView:
    """Hold what the page shows of one benchmark's language bias."""

    table: ScoreTable
    """Without columns where the scores hold nothing of it."""
    preferences: list[PreferenceMaps]


def bias_view(results: Sequence[SamplerResults], benchmark: str, langs: Sequence[str]) -> BiasView:
    """Arrange one benchmark.

    Args:
        results: one entry per sampler.
        benchmark: its name.
        langs: its languages in order.

    Returns:
        What the page shows.
    """
    scored = [result for result in results if benchmark in result.summaries]
    maps = []
    for title, explanation, share, chance in _PARTS:
        changes = {result.sampler: preferences_of(result, benchmark, share, chance) for result in scored}
        if drawn := _maps(changes, langs):
            maps.append(PreferenceMaps(title=title, explanation=explanation, maps=drawn))
    return BiasView(table=bias_table(results, benchmark), preferences=maps)


def preferences_of(result: SamplerResults, benchmark: str, share: str = TOP, chance: str = TOP_CHANCE) -> Pairs:
    """Read by how much the queries of a language prefer each language of passages.

    Args:
        result: one sampler.
        benchmark: its name.
        share: column of preferences.csv; by default that of the first ten passages.
        chance: column of what it would be without any preference.

    Returns:
        (query language, passage language) → share above chance; empty where the scores hold nothing of it.
    """
    return {
        (cell["query_lang"], cell["passage_lang"]): cell[share] - cell[chance]
        for cell in result.preferences(benchmark)
        if cell[share] is not None
    }


def bias_table(results: Sequence[SamplerResults], benchmark: str) -> ScoreTable:
    """Arrange every measure of one benchmark's language bias.

    Args:
        results: one entry per sampler.
        benchmark: its name.

    Returns:
        The table; without columns where the scores hold nothing of it.
    """
    scored = [result for result in results if benchmark in result.summaries]
    rows = [(result.sampler, "", result.summaries[benchmark].settings) for result in scored]
    return score_table(rows, [Column(setting=MULTILINGUAL, measure=name) for name in BIAS_NAMES])


def _maps(changes: Mapping[str, Pairs], langs: Sequence[str]) -> list[HeatMap]:
    """Draw them on one scale; none where there is but one language of passages."""
    pairs = {pair for found in changes.values() for pair in found}
    axes = [[lang for lang in langs if lang in {pair[side] for pair in pairs}] for side in (0, 1)]
    if len(axes[1]) < 2:
        return []
    largest = max(abs(value) for found in changes.values() for value in found.values())
    return [
        difference_map(sampler, preference_summary(found), (axes[0], axes[1]), found, largest)
        for sampler, found in changes.items()
        if found
    ]


def preference_summary(changes: Pairs) -> str:
    """Say by how much queries prefer their language.

    Args:
        changes: a share above chance per pair of languages.

    Returns:
        A phrase; empty where no passage is in a query's language.
    """
    same = [change for (query, passage), change in changes.items() if query == passage]
    if not same:
        return ""
    mean = sum(same) / len(same)
    return f"the query's language: {f'{mean:+.2f}'.replace('-', '−')} on average"
