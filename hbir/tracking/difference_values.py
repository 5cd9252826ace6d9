"""Turn differences between samplers into MLflow's metrics."""

from collections.abc import Iterable

from hbir.evaluation.contributions import ALL_LANGUAGES
from hbir.evaluation.differences import Difference
from hbir.tracking.values import metric_name

AGAINST = "against "
"""How the metrics begin that compare a run with that of another sampler."""


def difference_values(sampler: str, found: Iterable[Difference]) -> dict[str, float]:
    """List by how much a sampler is above the headline sampler, with interval and p.

    Args:
        sampler: whose run it is.
        found: the headline's differences to the others.

    Returns:
        Metric name → value, such as `against hybrid/cldr/multilingual/map/p`; `difference`, `low` and `high`
        stand beside it. The run of the headline itself has none.
    """
    values: dict[str, float] = {}
    for one in found:
        if one.other == sampler and one.language == ALL_LANGUAGES:
            parts = (f"{AGAINST}{one.one}", one.benchmark, one.setting, one.measure)
            numbers = {"difference": -one.value, "p": one.p}
            if one.interval:
                numbers |= {"low": -one.interval.high, "high": -one.interval.low}
            values |= {
                metric_name(*parts, name): number for name, number in numbers.items() if number is not None
            }
    return values
