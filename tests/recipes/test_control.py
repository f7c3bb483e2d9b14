"""A control lies where its attack lies and differs in nothing but what is written."""

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import every_recipe, photograph
from typoattack.core.randomness import stream
from typoattack.recipes import Control, Recipe, SearchRecipe, parse_recipe
from typoattack.recipes.control import shuffled

ATTACKS = [r for r in every_recipe() if r.family == "attack" and not isinstance(r, SearchRecipe)]
ON_SURFACES = ["printed-label", "handwritten-note", "westerhoff2025", "materzynska2022"]


def drawn(recipe: Recipe, word: str = "lemon", seed: int = 7, **more: bool) -> np.ndarray:
    return np.asarray(recipe(photograph(), word, stream(seed), **more).image, int)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_a_control_shares_the_stream_of_its_attack(attack: Recipe) -> None:
    for kind in ("blank", "true", "pseudo", "shuffled", "mirrored"):
        control = Control(attack, kind)
        assert control.stream_key == attack.stream_key
        assert control.fingerprint != attack.fingerprint
        assert control.family == "control"
        assert parse_recipe(str(control)) == control


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_a_blank_changes_nothing_where_its_attack_changes_nothing(attack: Recipe) -> None:
    canvas = np.asarray(photograph(), int)
    full, blank = drawn(attack), drawn(Control(attack, "blank"))
    touched = (blank != canvas).any(axis=2)
    assert not (touched & ~(full != canvas).any(axis=2)).sum() > 0.002 * touched.size


@pytest.mark.parametrize("name", ON_SURFACES)
@pytest.mark.parametrize("kind", ["true", "pseudo", "shuffled"])
def test_surface_and_place_are_the_same_pixels(name: str, kind: str) -> None:
    attack = parse_recipe(name)
    canvas = np.asarray(photograph(), int)
    blank = drawn(Control(attack, "blank"))
    control = drawn(Control(attack, kind), word="lemon")
    same = (blank == control).all(axis=2)
    surface = (blank != canvas).any(axis=2)
    assert same[~surface].all(), "outside the surface nothing differs"
    assert same[surface].mean() > 0.6, "and within it only the ink"


def test_a_blank_has_no_word_and_no_size() -> None:
    blank = parse_recipe("blank-label")(photograph(), "lemon", stream(1))
    assert (blank.written, blank.size, blank.word) == ("", 0, "lemon")


def test_a_pseudoword_has_the_shape_of_the_word_and_is_another() -> None:
    made = parse_recipe("pseudoword-label")(photograph(), "Granny Smith", stream(1)).written
    assert [len(part) for part in made.split()] == [6, 5]
    assert made != "Granny Smith"
    assert made[0].isupper()


def test_the_true_control_asks_for_the_true_class() -> None:
    assert parse_recipe("true-label").words == "true"
    assert parse_recipe('control(apple-ipod, "true")').words == "true"
    assert parse_recipe('control(apple-ipod, "blank")').words == "fixed:iPod"


def test_named_controls_draw_what_the_general_one_draws() -> None:
    for name, kind in (("blank-label", "blank"), ("pseudoword-label", "pseudo")):
        general = Control(parse_recipe("printed-label"), kind)
        assert (drawn(parse_recipe(name)) == drawn(general)).all()


@pytest.mark.parametrize("word", ["lemon", "German shepherd dog", "aa", "a", "x1y2"])
def test_shuffling_keeps_the_letters_and_the_spaces(word: str) -> None:
    made = shuffled(word, stream(word))
    assert sorted(made) == sorted(word)
    assert [i for i, c in enumerate(made) if c == " "] == [
        i for i, c in enumerate(word) if c == " "
    ]
    assert (made == word) == (len({c for c in word if c.isalpha()}) < 2)


def test_mirrored_letters_are_the_letters_in_a_mirror() -> None:
    plain = parse_recipe('printed-label(ink="red")')
    upright = plain(photograph(), "lemon", stream(3))
    mirrored = Control(plain, "mirrored")(photograph(), "lemon", stream(3))
    assert mirrored.box == upright.box
    flipped = upright.image.crop(upright.box).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert flipped.tobytes() == mirrored.image.crop(upright.box).tobytes()


def test_mirrored_writing_without_a_surface_leaves_the_photograph_upright() -> None:
    attack = parse_recipe("plain-overlay")
    canvas = np.asarray(photograph(), int)
    made = Control(attack, "mirrored")(photograph(), "lemon", stream(3))
    untouched = (np.asarray(made.image, int) == canvas).all(axis=2)
    left, top, right, bottom = made.box
    assert untouched[top:bottom, left:right].mean() > 0.2


@pytest.mark.parametrize("recipe", every_recipe(), ids=str)
def test_a_recipe_says_truly_whether_it_has_a_surface(recipe: Recipe) -> None:
    without_ink = recipe(photograph(), "lemon", stream(3), ink=False)
    assert recipe.bare == (without_ink.coverage == 0)


@pytest.mark.parametrize("spec", ["plain-overlay", "goh2021", "repeated-overlay", "faint"])
def test_mirrored_letters_without_a_surface_cover_as_much_as_the_attack(spec: str) -> None:
    attack = parse_recipe(spec)
    upright = attack(photograph(), "lemon", stream(3))
    mirrored = Control(attack, "mirrored")(photograph(), "lemon", stream(3))
    assert mirrored.coverage == pytest.approx(upright.coverage, rel=0.02)


def test_a_made_up_word_is_written_as_large_as_the_word() -> None:
    attack, control = parse_recipe("printed-label"), parse_recipe("pseudoword-label")
    canvas = Image.new("RGB", (448, 448), "grey")
    words = ["lemon", "pizza", "iPod", "goldfish", "space shuttle", "jack-o'-lantern", "kite"]
    ratios = [
        control(canvas, word, stream(word)).size / attack(canvas, word, stream(word)).size
        for word in words
    ]
    assert np.abs(np.log(ratios)).max() < np.log(1.1)
