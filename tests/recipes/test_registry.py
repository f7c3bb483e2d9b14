"""Recipe strings: what prints parses back, and nothing that a user types is a traceback."""

import contextlib
import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.photographs import every_recipe
from typoattack.core.errors import UserError
from typoattack.recipes import RECIPES, Recipe, build_recipe, parse_recipe
from typoattack.recipes.adaptive import WorstOf
from typoattack.recipes.labels import PrintedLabel


@pytest.mark.parametrize("recipe", every_recipe(), ids=str)
def test_what_prints_parses_back_and_pickles(recipe: Recipe) -> None:
    assert parse_recipe(str(recipe)) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert parse_recipe(str(recipe)).fingerprint == recipe.fingerprint


def test_parameters_are_read_by_name_and_by_place() -> None:
    assert parse_recipe("printed-label(0.3, ink='red')") == PrintedLabel(size=0.3, ink="red")
    assert parse_recipe('worst-of(4, handwritten-note(size=.5, ink="blue"))').k == 4
    assert parse_recipe("printed-label(bold=false, tilt=5)") == PrintedLabel(bold=False, tilt=5.0)


def test_a_recipe_may_be_given_as_text_to_another() -> None:
    expected = WorstOf(k=3, base=PrintedLabel(size=0.25))
    assert parse_recipe('worst-of(3, "printed-label(size=0.25)")') == expected
    assert build_recipe(WorstOf, [], {"k": 3, "base": "printed-label(size=0.25)"}) == expected


def test_strings_keep_quotes_and_backslashes() -> None:
    made = parse_recipe(r'symbol(text="a \"b\" \\ c")')
    assert made.text == 'a "b" \\ c'
    assert parse_recipe(str(made)) == made


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "expected a recipe's name"),
        ("printed-lable", "did you mean 'printed-label'"),
        ("printed-label(sise=0.2)", "did you mean 'size'"),
        ("printed-label(size=0.2, size=0.3)", "given twice"),
        ("printed-label(0.2, size=0.3)", "given twice"),
        ("printed-label(size=0.2) x", "unexpected 'x'"),
        ("printed-label(size=0.2", "expected ',' or ')'"),
        ("printed-label(size=)", "expected a value"),
        ('printed-label(ink="red)', "cannot read it from character"),
        ("control", "needs the parameter 'recipe'"),
        ("leet(" * 30 + ")" * 30, "nested too deeply"),
        ("printed-label(size=nan)", "unknown recipe 'nan'"),
        ("printed-label(tilt=1e999)", "'tilt' is inf"),
        ("worst-of(printed-label)", "write worst-of(8, printed-label)"),
        ("instruction(list)", 'write it in quotes: "list"'),
        ("planned(over=['places'])", 'is ["places"]'),
    ],
)
def test_mistakes_are_named(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        parse_recipe(spec)


_names = st.sampled_from([*RECIPES, "size", "base", "true", "none"])
_pieces = st.one_of(_names, st.sampled_from(list("()[],=\"'")), st.floats().map(str), st.text())


@settings(max_examples=300, deadline=None)
@given(st.lists(_pieces, max_size=12))
def test_no_string_is_a_traceback(pieces: list[str]) -> None:
    with contextlib.suppress(UserError):
        parse_recipe("".join(pieces))
