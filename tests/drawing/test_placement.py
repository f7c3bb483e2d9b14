"""Things are put where they were asked for, whole, and in step."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.placement import ANCHORS, Place, place, tiled
from typoattack.recipes import parse_recipe

PLACES = ("random", "avoid-centre", *ANCHORS, "0.2,0.75", "0,1", ".5,1.0")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PLACES), st.floats(1, 200), st.floats(1, 200), st.integers(0, 999))
def test_what_fits_lies_inside(where: Place, wide: float, tall: float, seed: int) -> None:
    x, y = place(where, (wide, tall), 200, stream(seed))
    assert -1e-9 <= x <= 200 - wide + 1e-9
    assert -1e-9 <= y <= 200 - tall + 1e-9


def test_what_does_not_fit_is_centred() -> None:
    assert place("random", (300, 100), 200, stream(1))[0] == -50


@pytest.mark.parametrize(
    ("where", "corner"),
    [
        ("top-left", (4, 4)),
        ("bottom-right", (156, 176)),
        ("centre", (80, 90)),
        ("left", (4, 90)),
        ("0,0", (4, 4)),
        ("0.25,1", (42, 176)),
    ],
)
def test_anchors_are_where_they_say(where: Place, corner: tuple[float, float]) -> None:
    assert place(where, (40, 20), 200, stream(1)) == pytest.approx(corner)


@pytest.mark.parametrize("where", ["middle", "0.2", "0.2,1.5", "2,0", "-0.1,0", "nan,0", "0, 0.3"])
def test_what_is_no_place_is_refused_with_what_is_one(where: str) -> None:
    with pytest.raises(UserError, match=r'a place is "random", .* such as "0\.2,0\.75"'):
        parse_recipe(f'printed-label(place="{where}")')


def test_avoiding_the_centre_covers_less_of_it_than_chance() -> None:
    def covered(where: Place) -> float:
        total = 0.0
        for seed in range(100):
            x, y = place(where, (120, 40), 200, stream(seed))
            total += max(min(y + 40, 150) - max(y, 50), 0) * max(min(x + 120, 150) - max(x, 50), 0)
        return total

    assert covered("avoid-centre") < 0.2 * covered("random")


def test_every_place_takes_the_same_numbers_from_the_stream() -> None:
    after = set()
    for where in PLACES:
        rng = stream("same")
        place(where, (40, 20), 200, rng)
        after.add(float(rng.random()))
    assert len(after) == 1


def test_tiles_do_not_overlap() -> None:
    spots = tiled(4, 2, (90, 40), 200)
    assert len(set(spots)) == 8
    xs, ys = sorted({x for x, _ in spots}), sorted({y for _, y in spots})
    assert xs == [5, 105]
    assert min(b - a for a, b in itertools.pairwise(ys)) >= 40
