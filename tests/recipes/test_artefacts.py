"""Shapes and words that name no class, in the corners of a photograph."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.drawing.colours import BASIC
from typoattack.drawing.shapes import SHAPES, shape_mask
from typoattack.recipes import parse_recipe
from typoattack.recipes.artefacts import SHAPE_NAMES
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.word_search import search_together

SIDE = 160
CANVAS = Image.new("RGB", (SIDE, SIDE), (90, 120, 150))


def changed(word: str, spec: str = "artefact") -> np.ndarray:
    made = parse_recipe(spec)(CANVAS, word, stream("a"))
    return (np.asarray(made.image, int) != np.asarray(CANVAS, int)).any(axis=2)


def test_shapes_differ_and_fill_a_good_part_of_their_square() -> None:
    masks = {name: np.asarray(shape_mask(name, 64)) for name in SHAPES}
    assert len({mask.tobytes() for mask in masks.values()}) == len(SHAPES)
    for name, mask in masks.items():
        assert mask.shape == (64, 64)
        assert 0.2 < (mask > 127).mean() < 0.95, name


def test_a_shape_is_in_its_colour_and_in_the_first_corner() -> None:
    made = parse_recipe("artefact(size=0.25)")(CANVAS, "red square", stream("a"))
    assert made.image.getpixel((SIDE - 24, SIDE - 24)) == BASIC["red"]
    left, top, right, bottom = made.box
    assert left > SIDE / 2
    assert top > SIDE / 2
    assert right - left == bottom - top == pytest.approx(0.25 * SIDE, abs=4)


def test_each_artefact_has_a_corner_of_its_own() -> None:
    half = SIDE // 2
    found = changed("red star + sale + blue ring")
    corners = [found[half:, half:], found[half:, :half], found[:half, half:], found[:half, :half]]
    assert [corner.any() for corner in corners] == [True, True, True, False]
    one = parse_recipe("artefact")(CANVAS, "red star + sale", stream("a"))
    assert one.facts["artefacts"] == 2
    assert one.written == "red star + sale"


def test_without_ink_nothing_is_drawn() -> None:
    made = parse_recipe("artefact")(CANVAS, "red star + sale", stream("a"), ink=False)
    assert made.image.tobytes() == CANVAS.tobytes()
    assert made.written == ""


def test_any_other_word_is_written() -> None:
    assert changed("pizza").any()
    assert "mauve star" not in SHAPE_NAMES
    assert changed("mauve star").any()


def test_the_pair_that_works_is_put_together_from_the_best_one() -> None:
    """A model that falls for red in one corner and blue in another, more for both."""

    def ask(images: Sequence[Image.Image]) -> Probabilities:
        found = []
        for image in images:
            pixels = np.asarray(image, int).reshape(-1, 3)
            red = (pixels == BASIC["red"]).all(axis=1).any()
            blue = (pixels == BASIC["blue"]).all(axis=1).any()
            found.append(0.2 + 0.4 * red + 0.3 * blue)
        return np.stack([1 - np.array(found), found], axis=1).astype(np.float32)

    strings = ["green star", "red star", "blue star", "black star"]
    shown = [(f"p{n}", photograph(64, n)) for n in range(2)]
    recipe = parse_recipe("artefact")
    alone = search_together(strings, shown, 1, recipe, ask, together=1)
    assert alone[0].word == "red star"
    assert len(alone) == 4
    pairs = search_together(strings, shown, 1, recipe, ask, together=3)
    assert pairs[0].word == "red star + blue star"
    assert pairs[0].hits == 1.0
    assert len(pairs) == 4 + 3 + 2  # a third one does not help, and nothing is asked behind it
