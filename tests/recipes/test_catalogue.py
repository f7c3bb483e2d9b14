"""Every recipe keeps the rules, draws any word on any canvas, and is documented."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.recipes.photographs import every_recipe, photograph
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import RECIPES, Control, Recipe, parse_recipe
from typoattack.testing import check_recipe

ROOT = Path(__file__).parents[2]

WANTED = {
    *("goh2021", "azuma2023", "cao2023", "materzynska2022", "westerhoff2025"),
    *("lemesle2022", "lin2023", "materzynska2022-synthetic", "qraitem2024", "wang2025", "hufe2026"),
    *("apple-ipod", "dog-pizza", "stroop-sticker"),
    *("printed-label", "handwritten-note", "plain-overlay", "repeated-overlay"),
    *("misspelled", "leet", "homoglyph", "spaced", "reversed", "mirrored", "rotated", "upper"),
    *("lower", "vertical", "sentence", "negated", "symbol", "translated", "synonym", "paronym"),
    *("faint", "translucent-watermark", "caption-bar", "scene-sign", "background-text"),
    *("blurred", "compressed", "worst-of", "smallest-flip", "composed"),
    *("instruction", "instruction-beside"),
    *("control", "blank-label", "true-label", "pseudoword-label"),
}


def test_the_catalogue_has_every_recipe_it_promises() -> None:
    assert set(RECIPES) >= WANTED


@pytest.mark.parametrize("recipe", every_recipe(), ids=str)
def test_every_recipe_keeps_the_rules(recipe: Recipe) -> None:
    check_recipe(recipe)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_every_parameter_is_documented(name: str) -> None:
    made = RECIPES[name]
    named = set(re.findall(r"^ +(\w+): ", made.__doc__ or "", re.M))
    own = {f.name for f in fields(made) if f.init}
    assert own <= named or made.__base__ in (Control,)


_words = st.text(st.characters(codec="utf-8"), min_size=0, max_size=40)
_latin = st.text("abcdefghijklmnop QRSTUVWXYZäéñ'-09", min_size=1, max_size=60)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(every_recipe()),
    st.one_of(_words, _latin),
    st.sampled_from([32, 33, 64, 100]),
    st.integers(0, 10_000),
)
def test_any_word_on_any_canvas_is_drawn_or_refused_in_words(
    recipe: Recipe, word: str, side: int, seed: int
) -> None:
    canvas = photograph(side)
    try:
        drawn = recipe(canvas, word, stream(seed))
    except UserError:
        return
    assert drawn.image.size == (side, side)
    changed = (np.asarray(canvas) != np.asarray(drawn.image)).any(axis=2)
    assert float(changed.mean()) == pytest.approx(drawn.coverage)
    assert Image.fromarray(changed).getbbox() == (drawn.box if drawn.coverage else None)


@pytest.mark.parametrize("name", sorted(WANTED - {"control"}))
def test_a_recipe_s_geometry_does_not_depend_on_what_was_drawn_before(name: str) -> None:
    recipe = RECIPES[name]()
    canvas = photograph(224)
    alone = recipe(canvas, "lemon", stream("place", name))
    for other in ("azuma2023", "handwritten-note"):
        RECIPES[other]()(canvas, "other words", stream(other))
    again = recipe(canvas, "lemon", stream("place", name))
    assert alone.image.tobytes() == again.image.tobytes()


@pytest.mark.parametrize("size", [0.1, 0.2, 0.4, 0.8])
@pytest.mark.parametrize("name", ["printed-label", "handwritten-note", "plain-overlay"])
def test_larger_sizes_write_larger_letters(name: str, size: float) -> None:
    small = parse_recipe(f"{name}(size={size / 2})")(photograph(448), "lemon", stream(1))
    large = parse_recipe(f"{name}(size={size})")(photograph(448), "lemon", stream(1))
    assert large.size == pytest.approx(2 * small.size, rel=0.5)
    assert large.size > small.size


def test_the_size_that_is_reported_scales_with_the_canvas() -> None:
    sizes = [
        parse_recipe("printed-label")(photograph(side), "lemon", stream(1)).size
        for side in (224, 448, 896)
    ]
    assert max(sizes) - min(sizes) < 0.01


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("printed-label(size=0)", "'size' is 0"),
        ("printed-label(size=1.5)", "'size' is 1.5"),
        ('printed-label(ink="mauve")', "unknown colour 'mauve'"),
        ('printed-label(font="helvetica")', "unknown font 'helvetica'"),
        ('handwritten-note(place="middle")', "'place' is 'middle'"),
        ('sentence(template="no place")', "where the word goes"),
        ("dog-pizza(copies=7)", "'copies' is 7"),
        ("smallest-flip(azuma2023)", "no parameter `size`"),
        ("smallest-flip(least=0.5, most=0.4)", "not below `most`"),
        ("worst-of(4, worst-of)", "is a search itself"),
        ("control(blank-label)", "is a control itself"),
    ],
)
def test_wrong_parameters_are_named(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        parse_recipe(spec)


_DIGESTS = """
from tests.recipes.photographs import every_recipe, photograph
from typoattack.core.randomness import digest, stream

for recipe in every_recipe():
    for word in ("lemon", "German shepherd dog"):
        drawn = recipe(photograph(128), word, stream("digest"))
        print(recipe, digest(drawn.image.tobytes(), repr(drawn.box)))
"""


def test_other_processes_draw_the_same_pixels() -> None:
    told = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", _DIGESTS]
        told.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1
    assert len(told.pop().splitlines()) == 2 * len(every_recipe())
