"""What stands out on a photograph is found, the same on every machine, and notes are laid on it."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.placement import place
from typoattack.drawing.salience import CELLS, salience, within
from typoattack.recipes import Recipe, parse_recipe
from typoattack.runner.draw import draw_word


def with_disc(x: int, y: int, side: int = 256, radius: int = 40) -> Image.Image:
    """A mottled ground with a red disc of a radius about a point."""
    rows, columns = np.mgrid[:side, :side]
    ground = 90 + stream("ground").integers(0, 30, (side, side, 1)).repeat(3, axis=2)
    ground[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = (200, 40, 30)
    return Image.fromarray(ground.astype(np.uint8))


@settings(max_examples=30, deadline=None)
@given(st.integers(60, 196), st.integers(60, 196))
def test_a_note_on_the_object_lies_on_it_wherever_it_is(x: int, y: int) -> None:
    left, top = place("object", (100, 80), 256, stream(1), photograph=with_disc(x, y))
    assert left <= x <= left + 100
    assert top <= y <= top + 80


def test_no_chance_decides_and_as_much_is_drawn_as_for_any_place() -> None:
    photograph, after = with_disc(80, 170), set()
    spots = set()
    for seed in range(5):
        rng = stream(seed)
        spots.add(place("object", (90, 60), 256, rng, photograph=photograph))
        other = stream(seed)
        place("random", (90, 60), 256, other)
        after.add(rng.random() == other.random())
    assert len(spots) == 1
    assert after == {True}


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (12, 200, 90)])
def test_on_a_picture_of_one_colour_a_note_lies_in_the_middle(colour: tuple[int, int, int]) -> None:
    plain = Image.new("RGB", (224, 224), colour)
    x, y = place("object", (80, 60), 224, stream(1), photograph=plain)
    assert (x + 40, y + 30) == pytest.approx((112, 112), abs=4)


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 400), st.floats(1, 400), st.integers(8, 300))
def test_notes_of_any_size_lie_inside_or_in_the_middle(wide: float, tall: float, side: int) -> None:
    photograph = with_disc(side // 3, side // 3, side, max(side // 8, 1))
    x, y = place("object", (wide, tall), side, stream(1), photograph=photograph)
    for start, extent in ((x, wide), (y, tall)):
        if extent <= side:
            assert -1e-6 <= start <= side - extent + 1e-6
        else:
            assert start == pytest.approx((side - extent) / 2)


def test_the_map_is_the_same_whole_numbers_everywhere() -> None:
    made = salience(with_disc(90, 140))
    assert made.shape == (CELLS, CELLS)
    assert made.dtype == np.int64
    assert made.min() >= 1
    assert hashlib.sha256(made.tobytes()).hexdigest()[:16] == "90750324193b5f0e"


def test_boxes_hold_the_sum_of_their_cells() -> None:
    values = np.arange(CELLS * CELLS, dtype=np.int64).reshape(CELLS, CELLS)
    lefts, tops = np.array([0, 10, 60]), np.array([-3, 50])
    held = within(values, lefts, tops, (7, 9))
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            box = values[max(top, 0) : top + 9, left : left + 7]
            assert held[row, column] == box.sum()


@pytest.mark.parametrize(
    "attack",
    [
        'handwritten-note(place="object")',
        'printed-label(place="object")',
        'scene-sign(place="object")',
        'composed(surface="none", place="object")',
        'faint(place="object")',
    ],
)
@pytest.mark.parametrize("kind", ["blank", "mirrored"])
def test_controls_lie_where_their_attack_lies(attack: str, kind: str) -> None:
    """Though the photograph that a mirrored one is drawn on is mirrored there, object and all."""
    made = []
    for spec in (attack, f'control({attack}, "{kind}")'):
        recipe = parse_recipe(spec)
        assert isinstance(recipe, Recipe)
        made.append(draw_word(3, "photograph", with_disc(100, 150), recipe, "telephone"))
    boxes = np.array([one.box for one in made])
    if made[1].coverage:
        assert np.abs(boxes[0] - boxes[1]).max() <= 12
    else:
        assert kind == "blank", "only letters without a surface leave nothing"


def test_a_recipe_that_shows_no_photograph_says_so() -> None:
    with pytest.raises(UserError, match="without showing the photograph"):
        place("object", (40, 20), 200, stream(1))
