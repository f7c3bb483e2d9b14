"""What each class is taken for, from clean answers."""

from tests.made_tables import clean, table
from typoattack.metrics.confusions import Confusion, confusions

NAMES = ["cat", "dog", "fish", "dog", "bird"]


def test_the_most_frequent_wrong_answer_is_the_word_and_ties_go_to_the_first_class() -> None:
    rows = table(
        *(clean(sample=f"a{i}", predicted=p) for i, p in enumerate([2, 4, 4, 0, 0, 0])),
        *(clean(sample=f"b{i}", label=2, predicted=p) for i, p in enumerate([4, 1, 2])),
        {"sample": "a0", "predicted": 1},
    )
    assert confusions(rows, NAMES) == [
        Confusion("cat", "bird", 2, 6),
        Confusion("fish", "dog", 1, 3),
    ]


def test_an_answer_of_the_right_name_is_no_confusion() -> None:
    rows = table(clean(label=1, predicted=3, top=[3, 2], top_prob=[0.8, 0.2]))
    assert confusions(rows, NAMES) == [Confusion("dog", "fish", 0, 1)]


def test_a_class_never_taken_for_another_gets_its_likeliest_other() -> None:
    rows = table(
        clean(sample="a", predicted=0, top=[0, 2, 4], top_prob=[0.7, 0.2, 0.1]),
        clean(sample="b", predicted=0, top=[0, 4, 2], top_prob=[0.5, 0.4, 0.1]),
    )
    assert confusions(rows, NAMES) == [Confusion("cat", "bird", 0, 2)]


def test_without_clean_rows_there_is_nothing() -> None:
    assert confusions(table({"sample": "a"}), NAMES) == []
