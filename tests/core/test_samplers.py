"""The table of samplers: names, and colours that all readers can tell apart."""

from itertools import combinations

import numpy as np
import pytest

from hbir.core.samplers import SAMPLERS, baselines, with_stage

VISIONS = {
    "full": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""From linear RGB to what is seen. Source: Machado, Oliveira and Fernandes (2009), severity 1."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)
APART = 11
"""Distance in CIELAB; what a reader takes for a difference begins at about 2."""


def lab(colour, vision):
    rgb = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = TO_XYZ @ np.clip(np.array(VISIONS[vision]) @ linear, 0, 1) / WHITE
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_can_be_told_apart(vision):
    for one, other in combinations(SAMPLERS.values(), 2):
        distance = np.linalg.norm(lab(one.colour, vision) - lab(other.colour, vision))
        assert distance > APART, (one.name, other.name)


def test_the_colours_of_white_and_black_are_as_far_apart_as_can_be():
    assert np.linalg.norm(lab("#ffffff", "full") - lab("#000000", "full")) == pytest.approx(100, abs=0.1)


def test_a_sampler_has_a_stage_or_is_a_baseline():
    assert (with_stage(), baselines()) == (
        ["xx", "xy", "hybrid"],
        ["mixed", "english", "hybrid_rows", "all_languages"],
    )


def test_alpha_is_named_where_it_decides():
    assert [name for name, one in SAMPLERS.items() if one.has_alpha] == ["hybrid", "hybrid_rows"]
    assert all(("{alpha}" in one.description) == one.has_alpha for one in SAMPLERS.values())
