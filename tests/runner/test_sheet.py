"""Contact sheets show each recipe on each photograph as a run would draw it."""

import numpy as np
import pytest

from tests.recipes.photographs import photograph
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import parse_recipe
from typoattack.runner.sheet import Photograph, contact_sheet, variants

PHOTOGRAPHS = [Photograph(f"p{i}", photograph(64, i), "tabby cat") for i in range(3)]


def cells(sheet: np.ndarray, cell: int) -> list[np.ndarray]:
    """The pictures of a one-row sheet, from left to right."""
    gap = max(cell // 40, 3)
    bottom = sheet.shape[0] - 2 * gap
    starts = range(gap, sheet.shape[1] - gap, cell + gap)
    return [sheet[bottom - cell : bottom, x : x + cell] for x in starts]


def test_a_cell_is_the_picture_of_a_run() -> None:
    recipe = parse_recipe("printed-label")
    sheet = contact_sheet([recipe], PHOTOGRAPHS, ["lemon", "ox"], seed=5, cell=64)
    shown = cells(np.asarray(sheet), 64)
    assert len(shown) == 3
    for picture, sample, word in zip(shown, PHOTOGRAPHS, ("lemon", "ox", "lemon"), strict=True):
        rng = stream(5, sample.id, recipe.stream_key, 0)
        assert (picture == np.asarray(recipe(sample.canvas, word, rng).image)).all()


def test_a_recipe_bound_to_a_word_writes_its_own() -> None:
    recipe = parse_recipe("apple-ipod")
    shown = cells(np.asarray(contact_sheet([recipe], PHOTOGRAPHS, ["ox"], cell=64)), 64)
    rng = stream(0, "p0", recipe.stream_key, 0)
    assert (shown[0] == np.asarray(recipe(PHOTOGRAPHS[0].canvas, "iPod", rng).image)).all()


def test_the_true_control_writes_the_photograph_s_class() -> None:
    recipe = parse_recipe("true-label")
    shown = cells(np.asarray(contact_sheet([recipe], PHOTOGRAPHS, ["ox"], cell=64)), 64)
    rng = stream(0, "p0", recipe.stream_key, 0)
    assert (shown[0] == np.asarray(recipe(PHOTOGRAPHS[0].canvas, "tabby cat", rng).image)).all()


def test_rows_and_columns_grow_the_sheet() -> None:
    rows = variants(parse_recipe("printed-label"), {"size": [0.2, 0.4], "place": ["top", "left"]})
    assert [str(row) for row in rows][:2] == [
        'printed-label(size=0.2, place="top")',
        'printed-label(size=0.2, place="left")',
    ]
    one = contact_sheet(rows[:1], PHOTOGRAPHS, ["ox"], cell=64)
    four = contact_sheet(rows, PHOTOGRAPHS, ["ox"], cell=64, clean=True)
    assert four.width == one.width
    assert four.height > 4 * one.height


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(UserError, match="did you mean 'size'"):
        variants(parse_recipe("printed-label"), {"sise": [0.2]})


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(UserError, match="at least one"):
        contact_sheet([], PHOTOGRAPHS, ["ox"])
