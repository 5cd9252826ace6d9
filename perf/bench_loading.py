"""Compare the loading of a benchmark with reading its files alone."""

import json
import os
from pathlib import Path

from hbir.benchmarks.registry import load
from perf.compare import Comparison, seconds


def comparisons() -> list[Comparison]:
    """Compare loading the real XQuAD-R, whose sentences and answers become a checked benchmark.

    Returns:
        One comparison.
    """
    folder = Path(os.environ.get("HBIR_DATA", "")) / "xquad-r"
    return [
        Comparison(
            name="loading XQuAD-R, 11 languages",
            peer="json.loads of its files alone",
            unit="s",
            goal=None,
            measure_ours=lambda: seconds(lambda: load("xquad-r", None)),
            measure_peer=lambda: seconds(
                lambda: [json.loads(path.read_text()) for path in folder.glob("*.json")]
            ),
            warm_up=True,
            skip="" if "HBIR_DATA" in os.environ and folder.is_dir() else "HBIR_DATA has no xquad-r",
            expected_s=5,
        )
    ]
