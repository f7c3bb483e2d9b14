import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.suite import load_suite
from typoattack.words import (
    WORDS,
    Situation,
    apportion,
    neighbours,
    parse_words,
    pseudoword,
    vocabulary,
)

NAMES = ("cat", "dog", "fish", "dog", "bird")


def situation(label: int, replicate: int = 0, seed: int = 0, near=None) -> Situation:
    return Situation(label, NAMES, replicate, stream(seed, "a", "word"), near)


def test_a_random_word_is_never_a_class_of_the_true_name() -> None:
    for seed in range(200):
        assert parse_words("random")(situation(1, seed=seed)) != "dog"


def test_replicates_of_a_sample_get_different_random_words() -> None:
    words = [parse_words("random")(situation(0, replicate)) for replicate in range(3)]
    assert len({*words}) >= 2
    one_name_each = Situation(0, tuple("abcdef"), 0, stream(0), None)
    chosen = {
        parse_words("random")(Situation(0, one_name_each.class_names, r, stream(0), None))
        for r in range(5)
    }
    assert chosen == set("bcdef")


def test_a_word_does_not_depend_on_how_many_replicates_there_are() -> None:
    assert parse_words("random")(situation(0, 2)) == parse_words("random")(situation(0, 2))


def test_nearest_and_farthest_follow_the_text_space_and_skip_the_same_name() -> None:
    angles = np.deg2rad([0, 10, 90, 12, 170])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    near = neighbours(features, NAMES, k=2)
    assert parse_words("nearest")(situation(0, near=near)) == "dog"
    assert parse_words("nearest")(situation(1, near=near)) == "cat"
    assert parse_words("nearest")(situation(1, 1, near=near)) == "fish"
    assert parse_words("farthest")(situation(0, near=near)) == "bird"


def test_listed_words_take_turns_and_spare_their_own_class() -> None:
    source = parse_words("list: pizza, dog")
    assert {source(situation(0, r)) for r in range(2)} == {"pizza", "dog"}
    assert {source(situation(1, r)) for r in range(2)} == {"pizza", None}
    assert parse_words("fixed:a, b")(situation(0)) == "a, b"


def test_samples_begin_anywhere_in_the_list() -> None:
    source = parse_words("list:a,b,c")
    assert {source(situation(0, seed=seed)) for seed in range(30)} == {"a", "b", "c"}


def test_true_writes_the_right_answer() -> None:
    assert parse_words("true")(situation(2)) == "fish"


def test_pseudowords_differ_between_replicates() -> None:
    first, second = (parse_words("pseudo")(situation(0, r)) for r in range(2))
    assert first != second
    assert first not in NAMES


@given(st.text(max_size=40), st.integers(0, 2**32))
def test_a_pseudoword_keeps_the_shape_of_its_model(like: str, seed: int) -> None:
    made = pseudoword(like, stream(seed))
    assert len(made) == len(like)
    for ours, theirs in zip(made, like, strict=True):
        assert ours == theirs if not theirs.isalpha() else ours.isascii() and ours.isalpha()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("rndom", "did you mean 'random'"),
        ("fixed", "is written fixed:WORD"),
        ("fixed: ", "is written fixed:WORD"),
        ("list:,", "is written list:A,B,C"),
        ("random:cat", "is written random"),
    ],
)
def test_a_wrong_word_source_is_named(spec: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_words(spec)


def test_the_sources_and_how_they_are_written_are_what_suites_rely_on() -> None:
    assert {name: kind.usage for name, kind in WORDS.items()} == {
        "random": "random",
        "nearest": "nearest",
        "farthest": "farthest",
        "once": "once",
        "true": "true",
        "pseudo": "pseudo",
        "noun": "noun",
        "letters": "letters",
        "fixed": "fixed:WORD",
        "list": "list:A,B,C",
        "table": "table:FILE",
    }


def test_only_near_and_far_classes_need_a_text_space() -> None:
    specs = ("random", "nearest", "farthest", "true", "pseudo", "fixed:a", "list:a,b")
    asking = {spec for spec in specs if parse_words(spec).needs_text_space}
    assert asking == {"nearest", "farthest"}


def test_the_words_of_a_sample_are_the_same_on_every_machine() -> None:
    expected = {
        "random": ["dog", "cat", "dog"],
        "list:a,b,c": ["a", "b", "c"],
        "pseudo": ["ive", "ula", "tuk"],
    }
    for spec, words in expected.items():
        assert [parse_words(spec)(situation(2, r)) for r in range(3)] == words, spec


def test_a_listed_word_moves_forwards_with_the_replicate() -> None:
    source = parse_words("list:a,b,c,d")
    first = source(situation(0, 0))
    order = "abcd" * 2
    begin = order.index(str(first))
    assert [source(situation(0, r)) for r in range(4)] == list(order[begin : begin + 4])


def test_neighbours_are_as_many_as_there_are_other_classes_at_most() -> None:
    features = np.eye(5, dtype=np.float32)
    few, many = (neighbours(features, NAMES, k) for k in (2, 50))
    assert few.nearest.shape == few.farthest.shape == (5, 2)
    assert many.nearest.shape == (5, 4)


def test_equally_near_classes_stand_in_the_order_of_the_task() -> None:
    near = neighbours(np.ones((40, 1), np.float32), [f"class {i}" for i in range(40)], 39)
    for row, ranked in enumerate(near.nearest):
        assert ranked.tolist() == [i for i in range(40) if i != row]
    for row, ranked in enumerate(near.farthest):
        assert ranked.tolist() == [i for i in range(40) if i != row]


def test_neighbours_walk_outwards_and_begin_again() -> None:
    near = neighbours(np.eye(5, dtype=np.float32), NAMES, k=3)
    words = [parse_words("nearest")(situation(0, r, near=near)) for r in range(6)]
    assert words[:3] == words[3:]
    assert len(set(words[:3])) == 2 + (near.nearest[0][:3].tolist().count(3) == 0)


@pytest.mark.parametrize("seed", range(20))
def test_consonants_and_vowels_of_a_pseudoword_alternate(seed: int) -> None:
    made = pseudoword("Abcdefgh Ijklmnop", stream("alternate", seed))
    for word in made.split():
        vowels = [letter in "aeiou" for letter in word.lower()]
        assert all(a != b for a, b in itertools.pairwise(vowels))
        assert all(letter in "aeioubcdfghjklmnprstvwz" for letter in word.lower())


def test_a_word_within_a_pseudoword_may_begin_with_either_kind_of_letter() -> None:
    begins = [pseudoword("ab ab", stream("begin", seed)).split() for seed in range(60)]
    for place in range(2):
        assert {words[place][0] in "aeiou" for words in begins} == {True, False}
        assert {words[0][0] in "aeiou" for words in begins} == {True, False}


def test_letters_are_three_to_five_by_lot_and_others_for_each_replicate() -> None:
    source = parse_words("letters")
    made = [source(situation(0, replicate, seed)) for seed in range(60) for replicate in range(3)]
    assert {len(word) for word in made} == {3, 4, 5}
    assert len(set(made)) > 150
    assert set("".join(made)) == set("abcdefghijklmnopqrstuvwxyz")
    assert source(situation(0, 1, 7)) == source(situation(0, 1, 7))


def table(tmp_path: Path, text: str) -> str:
    (tmp_path / "words.csv").write_text(text)
    return f"table:{tmp_path / 'words.csv'}"


def test_a_table_gives_each_class_its_words_in_turn(tmp_path: Path) -> None:
    spec = table(tmp_path, "class,word,answers\ncat,dog,4\ncat,lion,1\ndog,wolf,2\n")
    source = parse_words(spec)
    assert [source(situation(0, replicate)) for replicate in range(3)] == ["dog", "lion", "dog"]
    assert source(situation(1)) == "wolf"
    assert source(situation(2)) is None


def test_a_table_never_writes_the_right_class(tmp_path: Path) -> None:
    assert parse_words(table(tmp_path, "class,word\ncat,cat\n"))(situation(0)) is None


def test_a_table_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    assert parse_words(table(tmp_path, "class,word\ncat,dog\n"))(situation(0)) == "dog"
    assert parse_words(table(tmp_path, "class,word\ncat,cow\n"))(situation(0)) == "cow"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class,words\ncat,dog\n", "no column 'word'; it needs class, word"),
        ("class,word\ncat,dog\ncat,\n", "line 3 needs a class and a word"),
        ("class,word\n", "there is no line"),
        ("class,word\nship,boat\n", "none of its classes is a class of the data set"),
    ],
)
def test_a_wrong_table_is_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_words(table(tmp_path, text))(situation(0))


def test_a_missing_table_is_named() -> None:
    with pytest.raises(UserError, match=r"word source 'table:nowhere.csv': cannot read it"):
        parse_words("table:nowhere.csv")


def test_a_run_with_another_table_is_another_run(tmp_path: Path) -> None:
    def identity(text: str) -> object:
        recipe = f"printed-label @ {table(tmp_path, text)}"
        return load_suite("quick", {"recipes": [recipe]}).identity

    one, other = "class,word\ncat,dog\n", "class,word\ncat,cow\n"
    assert identity(one) == identity(one)
    assert identity(one) != identity(other)


@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(
            st.just(n), st.dictionaries(st.text(max_size=4), st.integers(0, n - 1), min_size=1)
        )
    ),
    st.integers(1, 3),
    st.integers(0, 5),
)
def test_no_photograph_gets_its_own_class_and_words_come_once_while_they_last(
    drawn: tuple[int, dict[str, int]], replicates: int, seed: int
) -> None:
    count, labels = drawn
    names = [f"class {n}" for n in range(count)]
    shares = apportion(labels, names, replicates, seed)
    again = apportion(dict(reversed(labels.items())), names, replicates, seed)
    assert shares == again  # whatever their order
    for replicate in range(replicates):
        given_ = [share[replicate] for share in shares.values()]
        assert all(index != labels[name] for name, index in zip(shares, given_, strict=True))
        most = max(list(labels.values()).count(label) for label in labels.values())
        if len(labels) <= count and most + len(labels) <= count:
            assert len(set(given_)) == len(given_)


def test_the_word_that_comes_once_needs_the_photographs_share() -> None:
    source = parse_words("once")
    there = Situation(0, NAMES, 1, stream(0), share=(1, 2))
    assert source(there) == NAMES[2]
    with pytest.raises(ValueError, match="needs the share"):
        source(Situation(0, NAMES, 0, stream(0)))


def test_a_common_noun_does_not_stand_in_the_right_caption() -> None:
    names = ("an acorn on an album in the alley", "a dog")
    words = {
        parse_words("noun")(Situation(0, names, replicate, stream("noun")))
        for replicate in range(300)
    }
    assert words == set(vocabulary()) - {noun for noun in vocabulary() if noun in names[0]}
    assert "acorn" not in words
