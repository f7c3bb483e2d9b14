"""Notes differ in size and paper, hold long words, and keep their geometry in controls."""

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.drawing.photographed import Camera, camera_of
from typoattack.recipes import Control, parse_recipe

GREY = Image.new("RGB", (448, 448), (128, 128, 128))


def covered(spec: str, seed: int) -> float:
    return parse_recipe(spec)(GREY, "pizza", stream(seed), ink=False).coverage


def test_notes_vary_in_size_about_the_size_that_was_asked_for() -> None:
    varied = [covered("handwritten-note(tilt=0.0)", seed) for seed in range(40)]
    alike = [covered("handwritten-note(tilt=0.0, vary=0.0)", seed) for seed in range(10)]
    assert np.std(varied) > 3 * np.std(alike)
    assert np.mean(varied) == pytest.approx(np.mean(alike), rel=0.1)


def test_papers_vary_unless_one_is_asked_for() -> None:
    def paper(spec: str, seed: int) -> tuple[int, ...]:
        made = parse_recipe(spec)(GREY, "pizza", stream(seed), ink=False)
        left, top, right, bottom = made.box
        middle = made.image.getpixel(((left + right) // 2, (top + bottom) // 2))
        return tuple(round(value / 40) for value in middle)

    spec = 'handwritten-note(place="centre", vary=0.0, paper={})'
    assert len({paper(spec.format('"any"'), seed) for seed in range(30)}) >= 5
    assert len({paper(spec.format('"pink"'), seed) for seed in range(10)}) <= 2


@pytest.mark.parametrize("name", ["handwritten-note", "apple-ipod"])
@pytest.mark.parametrize("word", ["jack-o'-lantern", "stethoscope", "rhinoceros"])
def test_a_long_word_is_no_hairline(name: str, word: str) -> None:
    """Its ink covers at least a third of what a short word's does: it is written as large."""

    def ink(text: str, seed: int) -> int:
        recipe = parse_recipe(f'{name}(font="reenie-beanie")')
        full = recipe(GREY, text, stream(seed)).image
        bare = recipe(GREY, text, stream(seed), ink=False).image
        apart = np.abs(np.asarray(full, int) - np.asarray(bare, int)).max(axis=2)
        return int(np.count_nonzero(apart > 60))

    shares = [ink(word, seed) / ink("pizza", seed) for seed in range(6)]
    assert np.mean(shares) > 0.33


@pytest.mark.parametrize("name", ["handwritten-note", "apple-ipod"])
@pytest.mark.parametrize("kind", ["blank", "true", "pseudo"])
def test_the_note_is_the_same_whatever_is_written(name: str, kind: str) -> None:
    attack = parse_recipe(name)
    one = attack(photograph(), "jack-o'-lantern", stream(3))
    other = Control(attack, kind)(photograph(), "ox", stream(3))
    assert (one.box, one.coverage) == (other.box, other.coverage)


def test_a_mirrored_note_was_seen_by_the_camera_of_its_attack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the photograph that it is drawn on is mirrored there, with edges of its own."""
    seen = []

    def told(canvas: Image.Image, box: tuple[int, int, int, int]) -> Camera:
        seen.append(camera_of(canvas, box))
        return seen[-1]

    monkeypatch.setattr("typoattack.recipes.label.camera_of", told)
    edges = photograph().copy()
    edges.paste((255, 255, 255), (0, 0, 8, edges.height))
    attack = parse_recipe('handwritten-note(place="0,0.5")')
    Control(attack, "mirrored")(edges, "pizza", stream(3))
    assert len(seen) == 2
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["handwritten-note", "apple-ipod"])
def test_a_photographed_finish_is_the_default_and_a_clean_one_can_be_had(name: str) -> None:
    recipe, clean = parse_recipe(name), parse_recipe(f'{name}(finish="drawn")')
    assert recipe.finish == "photographed"
    one, other = (r(photograph(), "pizza", stream(2)) for r in (recipe, clean))
    assert one.image.tobytes() != other.image.tobytes()


def test_the_pen_of_a_photographed_note_is_thinner_than_a_markers() -> None:
    def ink(finish: str) -> int:
        recipe = parse_recipe(f'handwritten-note(font="permanent-marker", finish="{finish}")')
        full = recipe(GREY, "iPod", stream(4)).image
        bare = recipe(GREY, "iPod", stream(4), ink=False).image
        return int((np.abs(np.asarray(full, int) - np.asarray(bare, int)).max(axis=2) > 90).sum())

    assert ink("photographed") < 0.8 * ink("drawn")
