"""Synonyms mean the same and are spelt otherwise; paronyms the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.recipes import parse_recipe
from typoattack.recipes.meaning import _apart, _names, paronym_of, synonym_of
from typoattack.samples.labels import imagenet_class_names


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("great white shark", "man-eater"),
        ("piggy bank", "penny bank"),
        ("radio", "wireless"),
        ("trash can", "dustbin"),
        ("tench", ""),
        ("no such thing", ""),
    ],
)
def test_a_synonym_is_the_name_spelt_least_alike(word: str, other: str) -> None:
    assert synonym_of(word) == other


@pytest.mark.parametrize(
    ("word", "other"),
    [("shark", "shack"), ("rifle", "trifle"), ("jeep", "keep"), ("tench", "bench"), ("pizza", "")],
)
def test_a_paronym_is_another_thing_s_name_spelt_most_alike(word: str, other: str) -> None:
    assert paronym_of(word) == other


def test_no_paronym_means_the_same_and_every_one_is_alike() -> None:
    for word in [name for name in imagenet_class_names() if " " not in name][::7]:
        other = paronym_of(word)
        if other:
            own = word.lower()
            assert other not in {name.lower() for name in _names().get(own, ())}
            assert 1 <= _apart(own, other) <= max(len(own) // 3, 1)


def test_hundreds_of_imagenet_s_classes_have_either() -> None:
    names = imagenet_class_names()[::10]
    assert sum(bool(synonym_of(name)) for name in names) > 30
    assert sum(bool(paronym_of(name)) for name in names if " " not in name) > 25


@pytest.mark.parametrize(
    ("spec", "word", "written"),
    [
        ("synonym", "piggy bank", "penny bank"),
        ("synonym(handwritten-note)", "radio", "wireless"),
        ("paronym", "shark", "shack"),
        ("synonym", "tench", "tench"),
        ("paronym", "pizza", "pizza"),
    ],
)
def test_the_other_word_is_written_and_the_first_is_meant(
    spec: str, word: str, written: str
) -> None:
    drawn = parse_recipe(spec)(photograph(224), word, stream(1))
    assert (drawn.word, drawn.written) == (word, written)
    assert drawn.facts["other_word"] is (written != word)


def test_both_lie_where_their_base_lies() -> None:
    base = parse_recipe("printed-label(tilt=20.0)")(photograph(224), "rifle", stream(4))
    other = parse_recipe("paronym(printed-label(tilt=20.0))")(photograph(224), "rifle", stream(4))
    assert base.box == other.box


_letters = st.text("abcde", max_size=6)


@given(_letters, _letters, _letters)
def test_the_distance_of_words_is_a_distance(one: str, other: str, third: str) -> None:
    assert _apart(one, other) == _apart(other, one)
    assert (_apart(one, other) == 0) == (one == other)
    assert _apart(one, third) <= _apart(one, other) + _apart(other, third)
    assert abs(len(one) - len(other)) <= _apart(one, other) <= max(len(one), len(other))


def test_the_distance_is_the_textbook_s() -> None:
    assert _apart("kitten", "sitting") == 3
    assert _apart("", "abc") == 3
