"""The protocols of the literature, held against the numbers of their papers."""

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.real_data import FOLDER, needs_goh
from tests.recipes.photographs import every_recipe, photograph
from typoattack.core.randomness import stream
from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.fonts import families
from typoattack.drawing.pillow_text import extent as measured
from typoattack.drawing.pillow_text import margin, set_text
from typoattack.recipes import RECIPES, Attacked, parse_recipe
from typoattack.recipes.azuma2023 import _broken, _fitting
from typoattack.recipes.goh2021 import _PLACES
from typoattack.recipes.lin2023 import STYLES
from typoattack.runner.draw import draw_word
from typoattack.suite import load_suite

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
    drawn = parse_recipe("azuma2023(jpeg=0)")(GREY, word, stream(seed))
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


AZUMA_WORDS = ["ox", "jigsaw puzzle", "German shepherd dog", "prairie-chickens-everywhere"]


@pytest.mark.parametrize("word", AZUMA_WORDS)
@pytest.mark.parametrize("family", ["libre-baskerville", "courier-prime", "tinos"])
@pytest.mark.parametrize("wished", [20, 31, 40])
def test_azuma2023_sets_text_as_the_authors_loop_and_pillow_do(
    family: str, word: str, wished: int
) -> None:
    face, lines = families()[family].face(bold=False), _broken(word)

    def extent(size: int) -> tuple[float, float]:
        boxes = [face.at(size).getbbox(line) for line in lines]
        pitch = face.at(size).getbbox("A")[3] + 4
        tall = boxes[0][3] if len(lines) == 1 else len(lines) * pitch - 4
        return max(box[2] for box in boxes), tall

    size = wished
    while max(extent(size)) >= 224:
        size -= 1
    assert _fitting(face, lines, wished) == size
    assert measured(face, lines, size, 4) == extent(size)
    theirs = Image.new("L", (700, 300))
    y, font = 100.0, face.at(size)
    for line in lines:
        ImageDraw.Draw(theirs).text((100, y), line, fill=255, font=font, stroke_width=1)
        y += font.getbbox("A")[3] + 4 + 2
    ours, clear = Image.new("L", (700, 300)), margin(size, 1)
    ours.paste(set_text(face, lines, size, stroke=1).outline, (100 - clear, 100 - clear))
    boxes = [one.point(lambda level: 255 * (level > 40)).getbbox() for one in (theirs, ours)]
    assert np.abs(np.subtract(*boxes)).max() <= 1


def test_azuma2023_passes_the_text_s_surroundings_through_jpeg_and_nothing_else() -> None:
    canvas = photograph(224)
    plain = parse_recipe("azuma2023(jpeg=0)")(canvas, "ox", stream(3))
    stored = parse_recipe("azuma2023")(canvas, "ox", stream(3))
    whole = io.BytesIO()
    plain.image.save(whole, "JPEG", quality=100)
    as_file = np.asarray(Image.open(whole).convert("RGB"), np.int16)
    left, top, right, bottom = plain.box
    ours = np.asarray(stored.image, np.int16)
    assert np.abs(ours - as_file)[top:bottom, left:right].max() <= 1
    outside = np.ones((224, 224), bool)
    outside[max(top - 18, 0) : bottom + 18, max(left - 18, 0) : right + 18] = False
    assert (ours == np.asarray(canvas))[outside].all()


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
    drawn = parse_recipe('azuma2023(font="courier", jpeg=0)')(GREY, word, stream(1))
    rows = (np.asarray(drawn.image) != np.asarray(GREY)).any(axis=(1, 2))
    gaps = np.flatnonzero(np.diff(rows.astype(int)) == 1).size + int(rows[0])
    assert gaps == written
    assert drawn.written == word


def test_azuma2023_breaks_after_the_first_word_or_the_second() -> None:
    assert _broken("German shepherd dog") == ("German", "shepherd dog")
    assert _broken("a name of five") == ("a name", "of five")


def test_azuma2023_asks_for_a_wrong_class_uniformly() -> None:
    assert RECIPES["azuma2023"].words == "random"


def cao(photograph: Image.Image, word: str, spec: str = "cao2023", side: int = 96) -> Attacked:
    canvas = square_canvas(photograph, side)
    return draw_word(0, "a", canvas, parse_recipe(spec), word, 0, lambda: photograph)


def test_cao2023_writes_the_nearest_name_in_pure_red_from_50_50() -> None:
    assert RECIPES["cao2023"].words == "nearest"
    whole = Image.new("RGB", (500, 375), (10, 200, 90))
    drawn = parse_recipe("cao2023")(whole, "HHH", stream(1))
    ascender = families()["roboto"].face(bold=False).at(50).getbbox("HHH")[1]
    left, top, *_ = drawn.box
    assert 50 <= left <= 56
    assert top == 50 + ascender
    colours = Counter(drawn.image.crop(drawn.box).get_flattened_data())
    assert colours[(255, 0, 0)] > 500


def test_cao2023_draws_on_the_photograph_before_the_square_is_cut() -> None:
    whole = photograph(300).resize((600, 300))
    drawn = cao(whole, "HHH HHH HHH HHH HHH", "cao2023(jpeg=0)")
    by_hand = parse_recipe("cao2023")(whole, "HHH HHH HHH HHH HHH", stream(0)).image
    assert drawn.image.tobytes() == square_canvas(by_hand, 96).tobytes()
    assert drawn.box[0] == 0  # the square begins 150 pixels from the left, the text at 50
    assert drawn.size == pytest.approx(50 / 300)


def test_cao2023_lets_a_long_name_run_off() -> None:
    whole = photograph(300)
    drawn = parse_recipe("cao2023")(whole, "black-and-tan coonhound puppies", stream(1))
    assert drawn.box[2] == 300
    assert drawn.size * 300 == pytest.approx(50)


def test_cao2023_saves_the_whole_photograph_as_jpeg_and_tells_of_the_letters_alone() -> None:
    whole = photograph(300)
    plain, stored = cao(whole, "ox", "cao2023(jpeg=0)"), cao(whole, "ox")
    file = io.BytesIO()
    parse_recipe("cao2023")(whole, "ox", stream(0)).image.save(file, "JPEG")
    theirs = square_canvas(Image.open(file).convert("RGB"), 96)
    assert stored.image.tobytes() == theirs.tobytes()
    assert stored.image.tobytes() != plain.image.tobytes()
    assert (stored.box, stored.coverage) == (plain.box, plain.coverage)
    assert stored.coverage < 0.1


def test_what_stands_around_cao2023_draws_before_the_canvas_too() -> None:
    for spec in ("leet(cao2023)", 'control(cao2023, "mirrored")', "control(leet(cao2023))"):
        made = parse_recipe(spec)
        assert (made.before_canvas, made.saved_as_jpeg) == (True, 75)
    early = {recipe.name for recipe in every_recipe() if recipe.before_canvas}
    assert early == {"cao2023", "wang2025"}


def test_the_mirrored_control_of_cao2023_lies_where_its_attack_does() -> None:
    whole = photograph(300).resize((400, 300))
    attack = cao(whole, "pizza", "cao2023(jpeg=0)")
    control = cao(whole, "pizza", 'control(cao2023(jpeg=0), "mirrored")')
    assert np.abs(np.subtract(attack.box, control.box)).max() <= 1
    assert attack.image.tobytes() != control.image.tobytes()


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


def test_lemesle2022_writes_a_sixth_of_the_width_red_in_white_across_the_middle() -> None:
    drawn = parse_recipe("lemesle2022")(GREY, "ox", stream(1))
    assert drawn.size * 224 == 224 // 6
    font = families()["roboto"].face(bold=False).at(37)
    theirs = Image.new("RGB", (224, 224), (119, 121, 123))
    _, _, right, bottom = font.getbbox("ox")
    at = 224 / 2 - right / 2, 224 / 2 - bottom / 2
    ImageDraw.Draw(theirs).text(
        at, "ox", (255, 0, 0), font=font, stroke_width=2, stroke_fill=(255, 255, 255)
    )
    strong = (np.abs(np.asarray(theirs, int) - np.asarray(GREY, int)) > 60).any(axis=2)
    ours = (np.abs(np.asarray(drawn.image, int) - np.asarray(GREY, int)) > 60).any(axis=2)
    boxes = [Image.fromarray(one).getbbox() for one in (strong, ours)]
    assert np.abs(np.subtract(*boxes)).max() <= 1
    colours = Counter(drawn.image.get_flattened_data())
    assert min(colours[(255, 0, 0)], colours[(255, 255, 255)]) > 100


def test_lemesle2022_lets_a_long_word_run_off_on_both_sides() -> None:
    drawn = parse_recipe("lemesle2022")(GREY, "great white shark", stream(1))
    assert (drawn.box[0], drawn.box[2]) == (0, 224)
    assert drawn.size * 224 == 224 // 6


def test_hufe2026_writes_30_pixels_and_halves_what_does_not_fit() -> None:
    def size(word: str, seed: int = 1) -> float:
        return round(parse_recipe("hufe2026")(GREY, word, stream(seed)).size * 224, 6)

    assert {size("ox", seed) for seed in range(20)} == {30}
    assert {size("red-backed sandpiper", seed) for seed in range(20)} == {15}
    assert size("x" * 40) == 7


def test_hufe2026_keeps_a_name_on_one_line() -> None:
    drawn = parse_recipe("hufe2026(jpeg=0)")(GREY, "German shepherd dog", stream(2))
    assert drawn.box[3] - drawn.box[1] < 40


@pytest.mark.parametrize(
    ("position", "x", "y"),
    [("top", 0.5, 0.0), ("bottom", 0.5, 1.0), ("left", 0.0, 0.5), ("right", 1.0, 0.5)],
)
def test_hufe2026_lies_where_it_is_told(position: str, x: float, y: float) -> None:
    box = parse_recipe(f'hufe2026(position="{position}")')(GREY, "ox", stream(1)).box
    middle = (box[0] + box[2]) / 448, (box[1] + box[3]) / 448
    assert np.abs(np.subtract(middle, (x, y))).max() < 0.26
    assert abs(middle[0] - 0.5) + abs(middle[1] - 0.5) > (0.1 if (x, y) != (0.5, 0.5) else 0)


@pytest.mark.parametrize("style", STYLES)
def test_lin2023_shows_a_word_on_a_plain_ground_and_nothing_of_the_photograph(style: str) -> None:
    spec = f'lin2023(style="{style}")'
    fill, ground = STYLES[style]
    one, other = (parse_recipe(spec)(photograph(224, k), "ox", stream(k)).image for k in (1, 2))
    assert one.tobytes() == other.tobytes()
    colours = Counter(one.get_flattened_data())
    assert colours.most_common(1)[0][0] == ground
    assert colours[fill] > 50
    ink = np.asarray(one) != np.asarray(ground)
    columns = np.where(ink.any(axis=2))[1]
    assert abs(columns.min() + columns.max() - 223) <= 4
    blank = parse_recipe(spec)(photograph(224), "ox", stream(1), ink=False).image
    assert set(blank.get_flattened_data()) == {ground}


def test_qraitem2024_leaves_the_photograph_whole_between_white_bars() -> None:
    canvas = photograph(300)
    drawn = parse_recipe("qraitem2024")(canvas, "ox", stream(1))
    small = canvas.resize((200, 200), Image.Resampling.BICUBIC)
    assert drawn.image.crop((50, 50, 250, 250)).tobytes() == small.tobytes()
    assert set(drawn.image.crop((0, 250, 300, 300)).get_flattened_data()) == {(255, 255, 255)}
    blank = parse_recipe("qraitem2024")(canvas, "ox", stream(1), ink=False)
    written = Image.fromarray(
        (np.asarray(blank.image) != np.asarray(drawn.image)).any(axis=2)
    ).getbbox()
    assert written is not None
    assert written[0] - 50 <= 3
    assert written[3] < 50
    assert drawn.size * 300 == round(40 * 200 / 512)


def test_qraitem2024_wraps_after_28_letters() -> None:
    def rows(word: str) -> int:
        image = parse_recipe("qraitem2024")(photograph(512), word, stream(1)).image
        dark = (np.asarray(image.crop((0, 0, 512, 85))) < 128).any(axis=(1, 2))
        return int(np.flatnonzero(np.diff(dark.astype(int)) == 1).size + int(dark[0]))

    assert rows("x" * 10 + " " + "x" * 17) == 1
    assert rows("x" * 10 + " " + "x" * 18) == 2


def test_wang2025_writes_eight_copies_apart_from_each_other_on_the_photograph() -> None:
    whole = Image.new("RGB", (500, 375), (20, 20, 120))
    drawn = parse_recipe("wang2025")(whole, "HHH", stream(1))
    assert drawn.facts["copies"] == 8
    yellow = (np.asarray(drawn.image) == (255, 255, 0)).all(axis=2)
    one = parse_recipe("wang2025(copies=1)")(whole, "HHH", stream(1))
    alone = (np.asarray(one.image) == (255, 255, 0)).all(axis=2)
    assert yellow.sum() == pytest.approx(8 * alone.sum(), rel=0.02)
    rows = np.flatnonzero(alone.any(axis=1))
    assert 15 <= rows.max() - rows.min() + 1 <= 17


def test_wang2025_writes_nothing_where_a_word_is_wider_than_the_photograph() -> None:
    drawn = parse_recipe("wang2025")(photograph(64), "groenendael", stream(1))
    assert (drawn.coverage, drawn.written, drawn.facts["copies"]) == (0, "", 0)


def test_the_literature_draws_every_protocol() -> None:
    drawn = {attack.recipe.name for attack in load_suite("literature").attacks}
    assert drawn >= {"lemesle2022", "qraitem2024", "wang2025", "hufe2026", "azuma2023", "cao2023"}


def test_materzynska2022_synthetic_writes_letters_by_lot_in_the_middle() -> None:
    made = parse_recipe("materzynska2022-synthetic")
    assert made.words == "letters"
    drawn = made(GREY, "qhx", stream(1))
    assert drawn.size * 224 == 40
    left, top, right, bottom = drawn.box
    assert abs(left + right - 224) <= 6
    assert 80 < (top + bottom) / 2 < 144
