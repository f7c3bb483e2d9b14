"""Turned rectangles fit the canvas, and the map to the page and back is exact."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typoattack.core.randomness import stream
from typoattack.drawing.geometry import bounds, extent, homography, joined, moved, turned


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 448), st.integers(4, 448), st.floats(-180, 180), st.integers(0, 99))
def test_turned_rectangles_fit_the_canvas(wide: int, tall: int, angle: float, seed: int) -> None:
    quad = turned((wide, tall), 448, angle, stream(seed), skew=0.05)
    assert extent(quad)[0] <= 448.01
    assert extent(quad)[1] <= 448.01
    assert min(min(p) for p in quad) >= -0.01


def test_an_upright_rectangle_keeps_its_corners() -> None:
    assert turned((40, 20), 100, 0, stream(1)) == ((0, 0), (40, 0), (40, 20), (0, 20))


def test_positive_angles_turn_counter_clockwise() -> None:
    top_left, top_right, *_ = turned((80, 20), 448, 30, stream(1))
    assert top_right[1] < top_left[1], "the right end rises"
    assert math.dist(top_left, top_right) == pytest.approx(80, abs=0.01)


def test_the_homography_takes_corners_to_corners() -> None:
    quad = ((10.0, 12.0), (95.0, 4.0), (90.0, 70.0), (6.0, 60.0))
    a, b, c, d, e, f, g, h = homography(quad, (50, 30))
    wanted = ((0, 0), (50, 0), (50, 30), (0, 30))
    for (x, y), (u, v) in zip(quad, wanted, strict=True):
        below = g * x + h * y + 1
        assert (a * x + b * y + c) / below == pytest.approx(u, abs=1e-6)
        assert (d * x + e * y + f) / below == pytest.approx(v, abs=1e-6)


def test_boxes_are_joined_and_padded() -> None:
    assert joined((1, 2, 3, 4), (0, 3, 9, 5)) == (0, 2, 9, 5)
    assert bounds(moved(((0, 0), (4, 0), (4, 2), (0, 2)), (0.5, 0.5)), 1) == (-1, -1, 6, 4)
