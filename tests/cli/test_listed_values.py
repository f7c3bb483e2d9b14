"""`list recipes NAME` says what each parameter may be."""

import pytest

from typoattack.core.part import allowed
from typoattack.recipes import RECIPES
from typoattack.recipes.registry import load_entry_points

load_entry_points()


def test_a_recipe_tells_what_its_parameters_may_be(typoattack) -> None:
    told = " ".join(typoattack("list", "recipes", "handwritten-note").out.split())
    assert "size: a number, more than 0, at most 1" in told
    assert 'place: "random", "avoid-centre"' in told
    assert "ink: a colour: black, white" in told
    assert "font: a family of `typoattack list fonts`" in told


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_parameter_of_every_recipe_is_told(name: str) -> None:
    for parameter, told in allowed(RECIPES[name]).items():
        assert told != "a value", parameter
