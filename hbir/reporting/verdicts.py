"""Say of the headline sampler where it is better or worse than another, and where no difference is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from hbir.benchmarks.task import MULTILINGUAL, SETTINGS
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.comparable import has_queries, query_tables
from hbir.evaluation.difference_intervals import with_intervals
from hbir.evaluation.differences import Difference, compare
from hbir.evaluation.results import SamplerResults
from hbir.evaluation.significance import ALPHA
from hbir.reporting.columns import MISSING, SETTING_NAMES, Column
from hbir.reporting.scores import BenchmarkScores, benchmark_scores

BIAS = [(MULTILINGUAL, measure) for measure in BIAS_NAMES]
"""The further measures of language bias."""
NOTHING_SHOWN = "·"
LEGEND = (
    "better, worse (or higher, lower): the headline against another sampler, where chance is an unlikely "
    f"reason (p ≤ {ALPHA:g} in a paired randomisation test over queries, corrected by Holm for all comparisons "
    f"of the table); {NOTHING_SHOWN}: no difference shown."
)
Found = Sequence[Difference] | None
"""None where nobody looked for differences."""
NO_QUERIES = "Not tested: scores per query are missing; `dvc repro` makes them."


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """Hold what may be said of the headline beside another sampler."""

    other: str
    words: tuple[str, ...]
    """One per column: better, worse, NOTHING_SHOWN, or MISSING where there is no test."""


def differences(results: Sequence[SamplerResults], headline: str) -> list[Difference]:
    """Compare the headline with every other sampler in every column that the tables show.

    Args:
        results: one entry per sampler.
        headline: the sampler that is compared.

    Returns:
        The differences over all languages, without intervals, of the benchmarks that have scores per query;
        those of language bias are corrected for themselves.
    """
    found: list[Difference] = []
    for scores in benchmark_scores(results):
        if has_queries(results, scores.name):
            tables = query_tables(results, scores.name)
            found += compare(tables, scores.name, headline, _measured(scores.main.columns))
            found += compare(tables, scores.name, headline, BIAS, "bias")
    return found


def compared(results: Sequence[SamplerResults], headline: str) -> list[Difference]:
    """Compare likewise with intervals; beside, the main measures in each language, and measures of bias.

    Args:
        results: one entry per sampler.
        headline: the sampler that is compared.

    Returns:
        The differences of each benchmark, family by family, each corrected for itself.
    """
    found: list[Difference] = []
    for scores in benchmark_scores(results):
        if has_queries(results, scores.name):
            tables, columns = query_tables(results, scores.name), scores.main.columns
            main = [c for c in columns if c.measure in (scores.main_measure, "rank_distance")]
            every = compare(tables, scores.name, headline, _measured(columns))
            every += compare(tables, scores.name, headline, _measured(main), "languages")
            every += compare(tables, scores.name, headline, BIAS, "bias")
            found += with_intervals(every, tables)
    return found


def verdict_rows(scores: BenchmarkScores, found: Found) -> list[VerdictRow]:
    """Arrange what may be said in the columns of a benchmark's table.

    Args:
        scores: the tables of the benchmark.
        found: differences, also of other benchmarks.

    Returns:
        A row for each other sampler of which there is a difference.
    """
    return _rows(scores.main.columns, overall(found, scores.name))


def bias_rows(benchmark: str, columns: Sequence[Column], found: Found) -> list[VerdictRow]:
    """Arrange what may be said in the columns of a benchmark's table of language bias.

    Args:
        benchmark: its name.
        columns: of the table.
        found: differences, also of other benchmarks.

    Returns:
        A row for each other sampler of which there is a difference.
    """
    return _rows(columns, [one for one in found or () if (one.benchmark, one.family) == (benchmark, "bias")])


def overall(found: Found, benchmark: str) -> list[Difference]:
    """Choose the differences that the table of scores shows.

    Args:
        found: differences.
        benchmark: its name.

    Returns:
        Those of the benchmark.
    """
    return [one for one in found or () if (one.benchmark, one.family) == (benchmark, "scores")]


def word(one: Difference) -> str:
    """Put a verdict in a word that a cell has room for.

    Args:
        one: a difference.

    Returns:
        better, worse, NOTHING_SHOWN, or MISSING where there is no test.
    """
    return {"no difference shown": NOTHING_SHOWN, "too few queries": MISSING}.get(one.verdict, one.verdict)


def too_few(found: Found, benchmark: str) -> list[str]:
    """Say where there is no test.

    Args:
        found: differences.
        benchmark: its name.

    Returns:
        A sentence for each setting of the benchmark that has too few clusters of queries.
    """
    few = {one.setting: one for one in overall(found, benchmark) if one.p is None}
    return [
        f"{SETTING_NAMES[setting]}: {one.clusters} clusters of queries are too few for a test of so many "
        f"comparisons; {one.needed} are needed."
        for setting, one in few.items()
    ]


def untested(scores: BenchmarkScores, found: Found) -> list[str]:
    """Say what is not tested, and why.

    Args:
        scores: the tables of a benchmark.
        found: differences, also of other benchmarks.

    Returns:
        Sentences.
    """
    in_pools = any(column.setting in SETTINGS for column in scores.main.columns)
    if found is not None and in_pools and len(scores.main.rows) > 1 and not overall(found, scores.name):
        return [NO_QUERIES]
    return too_few(found, scores.name)


def _rows(columns: Sequence[Column], found: Sequence[Difference]) -> list[VerdictRow]:
    words = {(one.other, one.setting, one.measure): word(one) for one in found}
    return [
        VerdictRow(other=other, words=tuple(words.get((other, c.setting, c.measure), MISSING) for c in columns))
        for other in dict.fromkeys(other for other, _, _ in words)
    ]


def _measured(columns: Sequence[Column]) -> list[tuple[str, str]]:
    return [(column.setting, column.measure) for column in columns]
