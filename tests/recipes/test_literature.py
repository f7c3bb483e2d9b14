"""The protocols of the literature, held against the numbers of their papers."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tests.real_data import FOLDER, needs_goh
from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.drawing.colours import PRIMARY
from typoattack.recipes import RECIPES, parse_recipe
from typoattack.recipes.azuma2023 import _broken
from typoattack.recipes.goh2021 import _PLACES

GREY = Image.new("RGB", (224, 224), (119, 121, 123))


WORDS_OF_GOH = {
    "trash": 7.59,
    "meow": 8.44,
    "$$$": 6.99,
    "shark": 8.33,
    "pizza": 8.11,
    "radio": 7.73,
    "iPod": 6.80,
    "rifle": 6.41,
    "library": 9.95,
}
"""Percent of the pixels that each word changes on average (`small_attacks.json`)."""


@pytest.mark.parametrize("word", WORDS_OF_GOH)
def test_goh2021_covers_what_the_authors_words_cover(word: str) -> None:
    drawn = parse_recipe("goh2021")(photograph(288), word, stream(1))
    assert drawn.facts["copies"] == 8
    assert 100 * drawn.coverage == pytest.approx(WORDS_OF_GOH[word], abs=0.52)


def test_goh2021_copies_stand_at_fixed_places_whatever_the_photograph() -> None:
    boxes = {parse_recipe("goh2021")(photograph(448, k), "iPod", stream(k)).box for k in range(4)}
    assert len(boxes) == 1


def copies(before: np.ndarray, after: np.ndarray) -> list[tuple[int, int, int, int]]:
    """The boxes of the eight copies, each looked for in a window around its place."""
    changed = (before != after).any(axis=2)
    found = []
    for left, top in _PLACES:
        window = changed[top - 2 : top + 25, left - 3 : left + 61]
        rows, columns = np.where(window)
        x, y = left - 3 + columns.min(), top - 2 + rows.min()
        found.append((x, y, left - 2 + columns.max(), top - 1 + rows.max()))
    return found


@needs_goh
def test_goh2021_stands_where_the_authors_picture_has_it() -> None:
    before, after = (
        Image.open(FOLDER / "goh2021" / f"example_{name}.png").convert("RGB")
        for name in ("before", "after")
    )
    ours = parse_recipe("goh2021")(before, "pizza", stream(1))
    theirs = copies(np.asarray(before), np.asarray(after))
    assert theirs[0] == (21, 24, 76, 47)
    here = copies(np.asarray(before), np.asarray(ours.image))
    assert np.abs(np.subtract(theirs, here)).max() <= 1
    share = (np.asarray(before) != np.asarray(after)).any(axis=2).mean()
    assert abs(ours.coverage - share) < 0.005


def test_every_word_of_goh2021_has_the_size_of_pizza_and_may_run_off() -> None:
    sizes = {
        parse_recipe("goh2021")(photograph(288), word, stream(1)).size
        for word in ("ox", "pizza", "German short-haired pointer")
    }
    assert sizes == {21 / 288}


def azuma(word: str, seed: int) -> tuple[np.ndarray, float, tuple[int, int, int, int]]:
    drawn = parse_recipe("azuma2023")(GREY, word, stream(seed))
    return np.asarray(drawn.image), drawn.size * 224, drawn.box


def test_azuma2023_draws_sizes_from_20_to_40_pixels_in_whole_steps() -> None:
    sizes = [round(azuma("ox", seed)[1], 6) for seed in range(250)]
    assert min(sizes) == 20
    assert max(sizes) == 40
    assert all(size == int(size) for size in sizes)
    assert len(set(sizes)) == 21


def test_azuma2023_shrinks_what_does_not_fit() -> None:
    for seed in range(20):
        _, size, box = azuma("prairie-chickens-everywhere", seed)
        assert size < 20
        assert box[2] - box[0] <= 224


def test_azuma2023_uses_two_different_ones_of_eight_colours() -> None:
    named = {colour: name for name, colour in PRIMARY.items()}
    seen: Counter[str] = Counter()
    for seed in range(120):
        pixels, _, (left, top, right, bottom) = azuma("HHHH", seed)
        inside = pixels[top:bottom, left:right].reshape(-1, 3).tolist()
        pure = {named[tuple(p)] for p in inside if tuple(p) in named}
        assert len(pure) == 2, pure
        seen.update(pure)
    assert set(seen) == set(PRIMARY)
    assert max(seen.values()) < 3 * min(seen.values())


def test_azuma2023_uses_three_fonts_and_all_of_the_picture() -> None:
    fonts: Counter[object] = Counter()
    middles = []
    for seed in range(150):
        drawn = parse_recipe("azuma2023")(GREY, "ox", stream(seed))
        fonts[drawn.facts["font"]] += 1
        middles.append(((drawn.box[0] + drawn.box[2]) / 2, (drawn.box[1] + drawn.box[3]) / 2))
    assert set(fonts) == {"libre-baskerville", "courier-prime", "tinos"}
    assert min(fonts.values()) > 30
    spread = np.asarray(middles)
    assert (spread.min(axis=0) < 40).all()
    assert (spread.max(axis=0) > 184).all()


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("ox", 1),
        ("tabby cat", 2),
        ("German shepherd dog", 2),
        ("a name of five words", 2),
    ],
)
def test_azuma2023_breaks_names_into_the_paper_s_lines(word: str, written: int) -> None:
    drawn = parse_recipe('azuma2023(font="courier")')(GREY, word, stream(1))
    rows = (np.asarray(drawn.image) != np.asarray(GREY)).any(axis=(1, 2))
    gaps = np.flatnonzero(np.diff(rows.astype(int)) == 1).size + int(rows[0])
    assert gaps == written
    assert drawn.written == word


def test_azuma2023_breaks_after_the_first_word_or_the_second() -> None:
    assert _broken("German shepherd dog") == ("German", "shepherd dog")
    assert _broken("a name of five") == ("a name", "of five")


def test_azuma2023_asks_for_a_wrong_class_uniformly() -> None:
    assert RECIPES["azuma2023"].words == "random"


def test_cao2023_writes_the_nearest_name_in_pure_red_from_50_50() -> None:
    assert RECIPES["cao2023"].words == "nearest"
    canvas = Image.new("RGB", (448, 448), (10, 200, 90))
    drawn = parse_recipe("cao2023")(canvas, "HHH", stream(1))
    left, top, *_ = drawn.box
    assert 50 <= left <= 56
    assert 50 <= top <= 65
    assert drawn.size * 448 == pytest.approx(50)
    colours = Counter(drawn.image.crop(drawn.box).get_flattened_data())
    assert colours[(255, 0, 0)] > 500


def test_cao2023_keeps_a_long_name_on_the_picture() -> None:
    canvas = Image.new("RGB", (448, 448), (10, 200, 90))
    drawn = parse_recipe("cao2023")(canvas, "black-and-tan coonhound puppies", stream(1))
    assert drawn.box[2] <= 448
    assert drawn.size * 448 < 50


def test_westerhoff2025_uses_notes_of_several_colours() -> None:
    seen = set()
    for seed in range(40):
        drawn = parse_recipe("westerhoff2025")(photograph(), "ox", stream(seed), ink=False)
        left, top, right, bottom = drawn.box
        middle = drawn.image.getpixel(((left + right) // 2, (top + bottom) // 2))
        seen.add(tuple(int(value > 170) for value in middle))
    assert len(seen) >= 4


def test_synthscam_prints_on_the_same_note() -> None:
    by_hand = parse_recipe("westerhoff2025")(photograph(), "ox", stream(1))
    printed = parse_recipe('westerhoff2025(hand="printed")')(photograph(), "ox", stream(1))
    assert by_hand.box == printed.box
    assert printed.facts["font"] == "roboto"


@pytest.mark.parametrize(("name", "words"), [("apple-ipod", "iPod"), ("dog-pizza", "pizza")])
def test_the_showpieces_bring_their_word(name: str, words: str) -> None:
    assert parse_recipe(name).words == f"fixed:{words}"
