"""Recipes put together in a suite file out of parts, with no code."""

from pathlib import Path

import numpy as np
import pytest

from tests.recipes.photographs import photograph
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import parse_recipe
from typoattack.recipes.composed import Composed
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.notes import HandwrittenNote
from typoattack.recipes.spelling import Leet
from typoattack.suite import load_suite

_SUITE = """
question: can recipes be made of parts?
recipes:
  - recipe: composed
    surface: sheet
    hand: handwritten
    font: caveat
    paper: "#ffeecc"
    tilt: 6
    size: [0.3, 0.5]
    finish: compressed
    strength: 20
  - recipe: leet
    base: [printed-label, "handwritten-note(size=0.4)"]
"""


def test_a_suite_file_composes_and_sweeps_recipes(tmp_path: Path) -> None:
    path = tmp_path / "parts.yaml"
    path.write_text(_SUITE, "utf-8")
    made = [attack.recipe for attack in load_suite(str(path)).attacks]
    parts = {"surface": "sheet", "hand": "handwritten", "font": "caveat", "paper": "#ffeecc"}
    for size, recipe in zip((0.3, 0.5), made[:2], strict=True):
        assert recipe == Composed(size=size, tilt=6, finish="compressed", strength=20, **parts)
    assert made[2:] == [Leet(PrintedLabel()), Leet(HandwrittenNote(size=0.4))]


@pytest.mark.parametrize("surface", ["none", "label", "sticky-note", "sheet", "board"])
@pytest.mark.parametrize("hand", ["printed", "handwritten"])
@pytest.mark.parametrize("finish", ["none", "blurred", "compressed"])
def test_every_surface_goes_with_every_hand_and_finish(
    surface: str, hand: str, finish: str
) -> None:
    recipe = parse_recipe(f'composed(surface="{surface}", hand="{hand}", finish="{finish}")')
    drawn = recipe(photograph(), "lemon", stream(1))
    blank = recipe(photograph(), "lemon", stream(1), ink=False)
    assert drawn.coverage > 0.005
    assert (blank.coverage > 0) == (surface != "none")
    assert (np.asarray(drawn.image) != np.asarray(blank.image)).any()


def test_composed_parts_are_those_of_the_recipes_they_make_up() -> None:
    label = parse_recipe("printed-label")(photograph(), "lemon", stream(1))
    same = parse_recipe('composed(font="roboto")')(photograph(), "lemon", stream(1))
    assert label.image.tobytes() == same.image.tobytes()


def test_an_unknown_part_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("question: x\nrecipes:\n  - {recipe: composed, surface: papyrus}\n", "utf-8")
    with pytest.raises(UserError, match=r"'surface' is 'papyrus'"):
        load_suite(str(path))
