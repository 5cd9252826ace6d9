"""Summarise several seeds with intervals over seeds and queries, and what may be said of the headline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hbir.evaluation.comparable import query_tables, refuse_unlike
from hbir.evaluation.differences import Difference, compare
from hbir.evaluation.intervals import LEVEL, RESAMPLES, Interval
from hbir.evaluation.over_seeds import OverSeeds, averaged, refuse_one_seed, resample_seeds
from hbir.evaluation.results import SamplerResults
from hbir.evaluation.significance import ALPHA
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.markdown import escaped, headings, line
from hbir.reporting.numbers import bounds, change, effect_text, p_text, short
from hbir.reporting.scores import BenchmarkScores, benchmark_scores
from hbir.reporting.verdicts import too_few

LEGEND = (
    f"Mean ± standard deviation over seeds [{100 * LEVEL:.0f} % percentile bootstrap, {RESAMPLES:,} resamples "
    "of seeds, then of queries; the same for every sampler]. Few seeds make it too narrow. p: the larger one "
    "of a paired randomisation test over queries and of a t test with the spread of seeds and queries, "
    "corrected by Holm for all comparisons of the table; d: the difference over its standard deviation between "
    "clusters of queries. "
    f"Better, worse, in bold: p ≤ {ALPHA:g}, and the interval leaves out 0."
)


def seed_intervals(seeds: Mapping[str, Sequence[SamplerResults]], headline: str) -> str:
    """Write the main measures of every benchmark over seeds as GitHub Markdown.

    Args:
        seeds: name of an experiment → its results, a seed each.
        headline: the sampler whose differences to the others are shown.

    Returns:
        A table per benchmark.

    Raises:
        DataError: when there are fewer than two seeds, or they were not scored on the same queries.
    """
    refuse_one_seed(len(seeds), f"experiments {', '.join(seeds)}")
    refuse_unlike([result for results in seeds.values() for result in results])
    first = next(iter(seeds.values()))
    sections = [part for scores in benchmark_scores(first) for part in _section(scores, seeds, headline)]
    return "\n\n".join([*sections, LEGEND])


def _section(
    scores: BenchmarkScores, seeds: Mapping[str, Sequence[SamplerResults]], headline: str
) -> Iterator[str]:
    wanted = (scores.main_measure, "rank_distance")
    tables = [query_tables(results, scores.name) for results in seeds.values()]
    known = next(iter(tables[0].values())).column_names
    columns = [c for c in scores.main.columns if c.measure in wanted and c.measure in known]
    measures = list(dict.fromkeys(column.measure for column in columns))
    over = resample_seeds(tables, scores.name, measures)
    found = compare(
        averaged(tables, measures),
        scores.name,
        headline,
        [(c.setting, c.measure) for c in columns],
        seeds=tables,
    )
    shown = [
        _Shown(column, over[column.setting], measures.index(column.measure))
        for column in columns
        if column.setting in over
    ]
    if not shown:
        return
    yield f"### {escaped(scores.name)}, {len(seeds)} seeds"
    yield "\n".join(
        [
            *headings([one.column for one in shown]),
            *_rows(list(tables[0]), shown, found, headline),
        ]
    )
    yield from too_few(found, scores.name)


@dataclass(frozen=True)
class _Shown:
    """Hold a column and what is known of it."""

    column: Column
    over: OverSeeds
    measure: int

    def text(self, values: np.ndarray, mean: str, interval: Interval | None) -> str:
        """Write a mean, its spread over seeds and an interval: (seeds,) values."""
        spread = short(self.column, float(values.std(ddof=1)))
        return f"{mean} ± {spread}{bounds(self.column, interval)}"


def _rows(
    samplers: Sequence[str], shown: Sequence[_Shown], found: Sequence[Difference], headline: str
) -> Iterator[str]:
    for number, sampler in enumerate(samplers):
        yield line([escaped(sampler), *(_score(one, number) for one in shown)])
    for number, sampler in enumerate(samplers):
        if headline in samplers and sampler != headline:
            tests = {(one.setting, one.measure): one for one in found if one.other == sampler}
            cells = (
                _change(
                    one, samplers.index(headline), number, tests.get((one.column.setting, one.column.measure))
                )
                for one in shown
            )
            yield line([escaped(f"{headline} − {sampler}"), *cells])


def _score(one: _Shown, sampler: int) -> str:
    values = one.over.by_seed[:, sampler, one.measure]
    if np.isnan(values).any():
        return MISSING
    return one.text(
        values, short(one.column, float(values.mean())), one.over.resampled.interval(sampler, one.measure)
    )


def _change(one: _Shown, headline: int, other: int, test: Difference | None) -> str:
    values = one.over.by_seed[:, headline, one.measure] - one.over.by_seed[:, other, one.measure]
    if test is None or np.isnan(values).any():
        return MISSING
    interval = one.over.resampled.difference(headline, other, one.measure)
    text = one.text(values, change(one.column, float(values.mean())), interval)
    verdict = test.verdict_within(interval)
    clear = verdict in ("better", "worse")
    notes = filter(None, (verdict, p_text(test.p), effect_text(test.effect)))
    return f"{f'**{text}**' if clear else text} {', '.join(notes)}"
