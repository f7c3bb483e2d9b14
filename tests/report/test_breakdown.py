"""Classes, words and changed answers, recomputed by hand and in pandas."""

import pytest
from made_tables import BLANK, simulated, table

from typoattack.metrics.outcomes import outcomes
from typoattack.report.breakdown import becomes, by_class, by_word

NAMES = ["cat", "dog", "car", "bus"]

ROWS = outcomes(
    table(
        {"sample": "a", "predicted": 1, "word": "dog"},
        {"sample": "a", "replicate": 1, "predicted": 0, "word": "car", "target": 2},
        {"sample": "b", "predicted": 3, "word": "dog"},
        {"sample": "c", "label": 2, "predicted": 2, "clean_predicted": 2, "word": "dog"},
        {"sample": "d", "label": 2, "predicted": 1, "clean_predicted": 3, "word": "dog"},
        {"sample": "a", "predicted": 1, **BLANK},
    )
)


def test_a_class_flips_as_often_as_its_clean_correct_photographs_under_attack() -> None:
    got = by_class(ROWS, NAMES).set_index("class")
    assert list(got.index) == ["cat", "car"]
    assert got.loc["cat", ["photographs", "pictures", "flip_rate"]].tolist() == [2, 3, 0.75]
    assert got.loc["cat", "targeted_success"] == 0.25
    assert got.loc["car", ["photographs", "flip_rate"]].tolist() == [1, 0.0]


def test_a_word_is_as_powerful_as_the_photographs_it_flips() -> None:
    got = by_word(ROWS).set_index("word")
    assert got.loc["dog", "flip_rate"] == pytest.approx(2 / 3)
    assert got.loc["dog", "targeted_success"] == pytest.approx(1 / 3)
    assert got.loc["car", "flip_rate"] == 0


def test_a_class_seen_once_does_not_lead() -> None:
    often = [{"sample": f"s{i}", "predicted": 1 if i else 0} for i in range(10)]
    once = {"sample": "x", "label": 2, "clean_predicted": 2, "predicted": 1}
    got = by_class(outcomes(table(*often, once)), NAMES)
    assert got["class"].tolist() == ["cat", "car"]
    assert got["flip_rate"].tolist() == [0.9, 1.0]


def test_changed_answers_are_counted_with_what_was_written() -> None:
    got = becomes(ROWS, NAMES)
    assert got.values.tolist() == [["m", "cat", "bus", 1, 0], ["m", "cat", "dog", 1, 1]]


def test_pandas_recomputes_the_classes_of_each_model() -> None:
    rows = simulated(60, replicates=3, models=("x", "y"))
    names = [f"class {i}" for i in range(20)]
    got = by_class(outcomes(rows), names).set_index(["model", "class"])
    attacked = rows[(rows.recipe == "printed-label") & (rows.clean_predicted == rows.label)]
    flips = (attacked.predicted != attacked.label).groupby(
        [attacked.model, attacked.label, attacked["sample"]]
    )
    for (model, label), rates in flips.mean().groupby(["model", "label"]):
        assert got.loc[(model, names[label]), "flip_rate"] == rates.mean()


def test_nothing_attacked_gives_empty_tables_with_columns() -> None:
    nothing = ROWS.iloc[:0]
    assert "flip_rate_low" in by_class(nothing, NAMES)
    assert by_word(nothing).empty
    assert becomes(nothing, NAMES).empty


def test_without_clean_pictures_the_word_that_is_said_carries_the_tables() -> None:
    nothing = {"clean_predicted": -1, "clean_sim_label": None, "clean_sim_word": None}
    rows = outcomes(
        table(
            {"sample": "a", "predicted": 1, "word": "dog", "target": 1, **nothing},
            {"sample": "b", "predicted": 3, "word": "dog", "target": 1, **nothing},
            {"sample": "c", "predicted": 0, "word": "car", "target": 2, **nothing},
        )
    )
    words = by_word(rows).set_index("word")
    assert words.loc["dog", ["says_word", "accuracy_attacked"]].tolist() == [0.5, 0.0]
    assert words.loc["car", ["says_word", "accuracy_attacked"]].tolist() == [0.0, 1.0]
    said = becomes(rows, NAMES)
    assert sorted(zip(said["answer"], said["written"], strict=True)) == [("bus", 0), ("dog", 1)]
