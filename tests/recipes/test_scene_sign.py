"""A sign stands or hangs in the scene, what holds it counts, and its letters keep their margin."""

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.recipes import Attacked, Control, parse_recipe

GREY = Image.new("RGB", (448, 448), (128, 128, 128))


def sign(spec: str, word: str = "pizza", canvas: Image.Image = GREY, seed: int = 1) -> Attacked:
    return parse_recipe(spec)(canvas, word, stream(seed))


@pytest.mark.parametrize(("place", "edge"), [("0.1,0.8", 3), ("0.5,0.7", 3), ("top", 1)])
def test_what_holds_a_sign_reaches_the_nearer_edge_and_counts(place: str, edge: int) -> None:
    held = sign(f'scene-sign(place="{place}")')
    bare = sign(f'scene-sign(place="{place}", post=false)')
    assert held.box[edge] == (448 if edge == 3 else 0)
    assert bare.box[edge] not in (0, 448)
    assert held.coverage > bare.coverage
    changed = (np.asarray(held.image) != np.asarray(GREY)).any(axis=2)
    assert held.coverage == pytest.approx(changed.mean())


def test_a_wide_sign_stands_on_two_posts_and_a_tall_one_on_one() -> None:
    counts = []
    for aspect in (0.4, 1.5):
        spec = f'scene-sign(size=0.3, aspect={aspect}, place="0.5,0.65", slant=0.0)'
        lawn = Image.new("RGB", (448, 448), (60, 160, 40))
        there = np.asarray(sign(spec, canvas=lawn).image, int)[-1, :, 2] > 60
        counts.append(int(np.count_nonzero(np.diff(there.astype(int)) == 1)))
    assert counts == [2, 1]


@pytest.mark.parametrize("kind", ["blank", "true", "pseudo"])
@pytest.mark.parametrize("place", ["bottom", "top"])
def test_a_control_has_the_same_board_and_posts(kind: str, place: str) -> None:
    attack = parse_recipe(f'scene-sign(place="{place}")')
    canvas = photograph(224)
    one = attack(canvas, "jack-o'-lantern", stream(5))
    other = Control(attack, kind)(canvas, "tench", stream(5))
    assert one.box == other.box
    assert one.coverage == pytest.approx(other.coverage, abs=0.002)


@pytest.mark.parametrize("word", ["pizza", "jack-o'-lantern", "German short-haired pointer"])
def test_letters_keep_clear_of_the_painted_frame(word: str) -> None:
    spec = 'scene-sign(board="white", slant=0.0, size=0.8, place="centre", post=false)'
    drawn, blank = sign(spec, word), parse_recipe(spec)(GREY, word, stream(1), ink=False)
    ink = np.abs(np.asarray(drawn.image, int) - np.asarray(blank.image, int)).max(axis=2) > 60
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    board = blank.box
    clear = 0.10 * (board[3] - board[1])
    # The painted frame is the same in both pictures; it begins a tenth of the height outside.
    assert min(rows[0] - board[1], board[3] - 1 - rows[-1]) > clear
    assert min(columns[0] - board[0], board[2] - 1 - columns[-1]) > clear


def test_a_word_with_hyphens_is_larger_on_a_square_sign_than_without() -> None:
    spec = "scene-sign(size=0.4, aspect=1.0)"
    assert sign(spec, "jack-o'-lantern").size > 1.3 * sign(spec, "jackxo'xlantern").size
