"""Say what the rows of the tables are that nothing was trained for."""

from collections.abc import Sequence

from hbir.core.rival_record import RivalRecord
from hbir.core.rows import find_row
from hbir.evaluation.results import SamplerResults


def rivals(results: Sequence[SamplerResults]) -> dict[str, str]:
    """Describe the rows without a training.

    Args:
        results: one entry per row.

    Returns:
        Name → a phrase or more.
    """
    return {
        result.sampler: _described(result.record)
        for result in results
        if isinstance(result.record, RivalRecord)
    }


def _described(record: RivalRecord) -> str:
    row = find_row(record.sampler)
    parts = [row.description if row else "", record.note]
    if record.unscored:
        parts.append(f"not scored on {', '.join(record.unscored)}, whose passages are not held in memory")
    return "; ".join(filter(None, parts))
