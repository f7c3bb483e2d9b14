"""What captions repeat of the text in their pictures: counted by hand."""

import numpy as np
import pandas as pd
import pytest

from typoattack.metrics.audit import (
    NO_TEXT,
    OTHER_TEXT,
    REPEATED,
    audit_figures,
    kind_of,
    overlap,
    words_of,
)
from typoattack.report.audited import Audited, tell_audit


def test_words_are_lower_case_without_punctuation_and_of_two_letters_at_least() -> None:
    assert words_of("A red APPLE, ripe-red: l'été ２ ５０ _a") == {
        "red",
        "apple",
        "ripe",
        "été",
        "50",
    }


@pytest.mark.parametrize(
    ("caption", "found", "repeated", "rate", "loose"),
    [
        ("a red apple", [], (), 0, 0),
        ("a red apple", ["SALE 50%"], (), 0, 0),
        ("a red apple", ["Red", "CIDER"], ("red",), 1 / 2, 1 / 2),
        ("a photo of the man's hat", ["a", "S"], (), 0, 0),
        ("a b", ["A B"], (), 0, 0),
        ("sale sale today", ["Today: SALE!"], ("sale", "today"), 1, 1),
        # Misread and run together: only loosely there.
        ("big pizza sale", ["PIZZASALE", "bigg"], (), 0, 2 / 3),
        ("fresh pizzeria", ["pizzerla"], (), 0, 1 / 2),
        ("", ["text"], (), 0, 0),
    ],
)
def test_the_share_of_a_captions_words_that_are_written(
    caption: str, found: list[str], repeated: tuple[str, ...], rate: float, loose: float
) -> None:
    one = overlap(caption, found)
    assert one.repeated == repeated
    assert one.rate == pytest.approx(rate)
    assert one.loose_rate == pytest.approx(loose)


def rows(**columns: list[float]) -> pd.DataFrame:
    n = len(columns["lines"])
    none = dict.fromkeys(("similarity", "similarity_masked", "similarity_elsewhere"), [np.nan] * n)
    names = {"sample": [str(i) for i in range(n)], "label": list(range(n))}
    return pd.DataFrame(names | none | columns)


def test_figures_by_hand() -> None:
    found = audit_figures(
        rows(
            lines=[0, 0, 1, 2],
            area=[0, 0, 0.1, 0.3],
            rate=[0, 0, 0, 0.5],
            loose_rate=[0, 0, 0.25, 0.75],
            similarity_masked=[0.3, 0.3, 0.3, 0.1],
            similarity_elsewhere=[0.3, 0.3, 0.3, 0.3],
        )
    )
    assert found.pictures == 4
    assert {name: one.value for name, one in found.types.items()} == {
        NO_TEXT: 0.5, OTHER_TEXT: 0.25, REPEATED: 0.25,
    }  # fmt: skip
    assert (found.parrots.value, found.parrots.n) == (0.5, 2)
    assert found.area.value == pytest.approx(0.2)
    assert found.rate.value == pytest.approx(0.125)
    assert found.rate_with_text.value == pytest.approx(0.25)
    assert found.loose_rate.value == pytest.approx(0.25)
    assert found.fall.value == pytest.approx(0.1)


def test_without_text_or_model_there_is_nothing_to_tell() -> None:
    found = audit_figures(rows(lines=[0, 0], area=[0, 0], rate=[0, 0], loose_rate=[0, 0]))
    assert found.types[NO_TEXT].value == 1
    assert not found.parrots
    assert not found.fall


def test_pictures_without_room_for_as_much_elsewhere_are_counted_and_told() -> None:
    none = np.nan
    table = rows(
        lines=[0, 1, 1, 3],
        area=[0, 0.1, 0.1, 0.6],
        rate=[0, 1, 0, 0],
        loose_rate=[0, 1, 0, 0],
        similarity=[0.3, 0.3, 0.3, 0.3],
        similarity_masked=[0.3, 0.1, 0.3, 0.1],
        similarity_elsewhere=[none, 0.3, 0.3, none],
    ).assign(broken="")
    found = audit_figures(table)
    assert (found.fall.n, found.placeless) == (2, 1)
    told = tell_audit(Audited("d", "mini", table, found, []))
    assert "n = 2. 1 of 3 pictures with text leave no place" in told[2]
    assert "of pictures with little text" in told[2]
    crowded = table[3:].reset_index(drop=True)
    told = tell_audit(Audited("d", "mini", crowded, audit_figures(crowded), []))
    assert "cannot be judged" in told[2]


def test_the_share_of_words_is_told_as_the_mean_over_captions_that_it_is() -> None:
    table = rows(lines=[1, 1], area=[0, 0], rate=[1, 0], loose_rate=[1, 0]).assign(broken="")
    told = tell_audit(Audited("d", "", table, audit_figures(table), []))
    assert "50.0 % of a caption's words, on average, are written in its picture" in told[1]


def test_a_pair_is_of_one_of_three_types() -> None:
    assert [kind_of(*pair) for pair in ((0, 0), (2, 0), (1, 0.2))] == [
        NO_TEXT, OTHER_TEXT, REPEATED,
    ]  # fmt: skip
