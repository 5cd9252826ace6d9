"""Write rows as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Write rows, the header among them where there is one.

    Args:
        rows: values by row; None becomes an empty field.

    Returns:
        A line for each, with its newline.
    """
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
