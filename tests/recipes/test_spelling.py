"""The word written another way, at the place of the plain one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.photographs import every_recipe, photograph
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.colours import BASIC
from typoattack.recipes import Control, Recipe, SearchRecipe, parse_recipe
from typoattack.recipes.spelling import translations
from typoattack.recipes.variation import Variation


def written(spec: str, word: str, seed: int = 1) -> str:
    return parse_recipe(spec)(photograph(64), word, stream(seed)).written


def distance(one: str, other: str) -> int:
    """How many letters must be added, dropped, exchanged or swapped with their neighbour."""
    rows = np.zeros((len(one) + 1, len(other) + 1), int)
    rows[:, 0], rows[0] = range(len(one) + 1), range(len(other) + 1)
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return int(rows[-1, -1])


@settings(max_examples=60, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12), st.integers(0, 999))
def test_one_slip_is_one_edit_and_two_are_few(word: str, seed: int) -> None:
    assert distance(written("misspelled", word, seed), word) == 1
    # A swap followed by a slip within it counts as three edits by this measure.
    assert distance(written("misspelled(edits=2)", word, seed), word) <= 3


@pytest.mark.parametrize(
    ("spec", "word", "expected"),
    [
        ("leet", "pizza", "p1224"),
        ("spaced", "ox", "o\xa0x"),
        ('spaced(gap="hyphen")', "tabby cat", "t-a-b-b-y c-a-t"),
        ("reversed", "pizza", "azzip"),
        ("upper", "straße", "STRASSE"),
        ("lower", "iPod", "ipod"),
        ("sentence", "pizza", "this is a pizza"),
        ("sentence", "acorn", "this is an acorn"),
        ("negated", "pizza", "not a pizza"),
        ('sentence(template="{}!")', "acorn", "acorn!"),
        ("symbol", "piggy bank", "$$$"),
        ('translated(language="el")', "dog", "σκύλος"),
        ('translated(language="ja")', "pizza", "ピザ"),
        ("translated", "trilobite", "trilobite"),
    ],
)
def test_words_are_written_as_promised(spec: str, word: str, expected: str) -> None:
    assert written(spec, word) == expected


def test_look_alikes_are_of_another_alphabet_and_as_many() -> None:
    made = written("homoglyph(share=1.0)", "pizza")
    assert len(made) == 5
    assert not any(letter.isascii() for letter in made)


def test_a_share_of_the_letters_is_exchanged() -> None:
    made = [written("leet(share=0.3)", "bassoonist", seed) for seed in range(40)]
    exchanged = [sum(c.isdigit() for c in word) for word in made]
    assert min(exchanged) >= 1
    assert 1.5 < np.mean(exchanged) < 4.5


def test_another_alphabet_brings_another_font() -> None:
    note = parse_recipe('translated(base=handwritten-note, language="el")')
    drawn = note(photograph(), "dog", stream(1))
    assert drawn.facts["font"] in ("roboto", "tinos")
    assert drawn.facts["language"] == "el"
    assert note(photograph(), "trilobite", stream(1)).facts["language"] == "en"


PLAIN = [r for r in every_recipe() if not isinstance(r, Variation | SearchRecipe | Control)]


@pytest.mark.parametrize("base", PLAIN, ids=str)
@pytest.mark.parametrize("spec", ["homoglyph(share=1.0)", 'translated(language="ru")'])
def test_every_recipe_can_be_respelled_in_another_alphabet(spec: str, base: Recipe) -> None:
    varied = replace(parse_recipe(spec), base=base)
    drawn = varied(photograph(128), "lemon", stream(1))
    assert not drawn.written.isascii()


def test_the_table_covers_seven_languages_and_the_colours() -> None:
    table = translations()
    assert len(table) >= 60
    assert set(BASIC) <= set(table)
    for row in table.values():
        assert list(row) == ["de", "fr", "es", "pl", "el", "ru", "ja"]
        assert all(row.values())


def test_every_translation_can_be_printed() -> None:
    for language in ("de", "pl", "el", "ru", "ja"):
        recipe = parse_recipe(f'translated(language="{language}")')
        for word in translations():
            recipe(photograph(64), word, stream(word))


def test_a_respelling_lies_where_its_base_lies() -> None:
    for name in ("leet", "upper", "spaced", "mirrored", "misspelled"):
        plain = parse_recipe("handwritten-note")
        varied = parse_recipe(f"{name}(handwritten-note)")
        assert varied.stream_key == plain.stream_key
        one = plain(photograph(), "lemon", stream(5), ink=False)
        other = varied(photograph(), "lemon", stream(5), ink=False)
        # A faint shadow's rim is rounded away on some pixels, others where `mirrored` moves it.
        assert np.abs(np.subtract(one.box, other.box)).max() <= 1


def test_a_variation_takes_the_words_of_its_base() -> None:
    assert parse_recipe("leet(apple-ipod)").words == "fixed:iPod"
    assert parse_recipe("leet").words == ""
    assert parse_recipe("symbol").words == "fixed:piggy bank"


def test_variations_nest() -> None:
    nested = parse_recipe("blurred(leet(upper(handwritten-note(size=0.4))), radius=0.005)")
    assert nested(photograph(), "pizza", stream(1)).written == "P1224"
    assert parse_recipe(str(nested)) == nested


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(UserError, match="language"):
        parse_recipe('translated(language="tlh")')
