"""Figures of given pictures by a number that their data set says of them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import clean, table

from typoattack.metrics.all_pictures import all_pictures
from typoattack.metrics.dose import by_facts, in_bins
from typoattack.metrics.outcomes import outcomes

GIVEN = {"recipe": 'as-given("SCAM")'}


def notes(count: int, flips_from: float, **more: object) -> pd.DataFrame:
    """Photographs whose notes grow, and flip from an area on."""
    attacked = [
        {
            **GIVEN,
            "sample": f"s{n:03d}",
            "predicted": 1 if n >= flips_from else 0,
            "facts": json.dumps({"postit_area_pct": float(n), "font": "x", **more}),
        }
        for n in range(count)
    ]
    return outcomes(table(*[clean(sample=f"s{n:03d}") for n in range(count)], *attacked))


def test_larger_notes_are_seen_to_flip_more() -> None:
    found = by_facts(notes(50, flips_from=20))
    assert set(found["fact"]) == {"postit_area_pct"}
    assert found["pictures"].tolist() == [10] * 5
    assert found["flip_rate"].tolist() == [0, 0, 1, 1, 1]
    assert found["low"].tolist() == [0, 10, 20, 30, 40]
    assert found["high"].tolist() == [9, 19, 29, 39, 49]
    assert (found["flip_rate_low"] <= found["flip_rate"]).all()
    assert (found["flip_rate_high"] > found["flip_rate_low"]).all()


def test_few_pictures_one_value_and_drawn_recipes_have_no_curve() -> None:
    assert by_facts(notes(19, 3)).empty
    assert "year" not in set(by_facts(notes(50, 3, year=2025))["fact"])
    drawn = outcomes(
        table(*[{"sample": f"s{n}", "facts": json.dumps({"copies": n})} for n in range(50)])
    )
    assert by_facts(drawn).empty


@settings(deadline=None, max_examples=30)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=80))
def test_every_picture_with_a_number_is_in_one_bin_and_bins_do_not_overlap(
    numbers: list[float],
) -> None:
    values = np.array(numbers)
    rows = outcomes(table(*[{**GIVEN, "sample": f"s{n}"} for n in range(len(numbers))]))
    found = in_bins(rows, values, ("flip_rate",))
    known = np.isfinite(values)
    if found.empty:
        assert known.sum() < 20
        return
    assert found["pictures"].sum() == known.sum()
    assert (found["low"].to_numpy()[1:] > found["high"].to_numpy()[:-1]).all()


def test_the_accuracy_over_all_pictures_counts_each_once() -> None:
    rows = [clean(sample="a"), clean(sample="b", predicted=2, clean_predicted=2)]
    rows += [{**GIVEN, "sample": "a", "replicate": n, "predicted": n % 2} for n in range(4)]
    (found,) = all_pictures(outcomes(table(*rows)))
    assert found.accuracy.value == pytest.approx(3 / 6)
    assert (found.clean, found.attacked) == (2, 4)
    assert found.accuracy.low < 0.5 < found.accuracy.high
    assert all_pictures(outcomes(table(*rows[:2]))) == []
    assert all_pictures(outcomes(table(*rows[2:]))) == []
