"""Two precisions are compared seed by seed, and beside the spread of the seeds."""

import numpy as np
import pytest

from perf.bf16_training import Trained, rows_of


def test_the_gap_is_taken_seed_by_seed():
    exact = [
        Trained(np.array([4.0, 3.0, 2.0, 1.0]), {"s": 50.0}),
        Trained(np.array([6.0, 3.0, 2.0, 1.0]), {"s": 52.0}),
    ]
    lower = [
        Trained(np.array([4.5, 3.0, 2.0, 1.0]), {"s": 49.0}),
        Trained(np.array([6.1, 3.0, 2.0, 1.0]), {"s": 53.0}),
    ]
    rows = {name: numbers for name, *numbers in rows_of(exact, lower)}
    assert rows["loss, quarter 1 of the steps"] == pytest.approx([5.0, 0.3, 2**0.5])
    assert rows["loss, quarter 4 of the steps"] == pytest.approx([1.0, 0.0, 0.0])
    assert rows["s mAP × 100"] == pytest.approx([51.0, 0.0, 2**0.5])
