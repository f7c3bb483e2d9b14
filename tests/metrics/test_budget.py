"""Success against queries, counted by hand."""

import json

import pandas as pd
import pytest
from made_tables import clean, table

from typoattack.metrics.budget import budgets, by_budget
from typoattack.metrics.outcomes import outcomes


def searched(*flip_queries: int, queries: int = 5) -> pd.DataFrame:
    """A search's row for each photograph, the last of which is wrong when clean already."""
    names = [f"s{n}" for n in range(len(flip_queries))]
    clean_rows = [clean(sample=name) for name in names]
    clean_rows[-1] |= {"predicted": 3, "clean_predicted": 3}
    attacks = [
        {
            "recipe": "planned",
            "sample": name,
            "predicted": int(first > 0),
            "clean_predicted": row.get("clean_predicted", 0),
            "facts": json.dumps({"flip_query": first, "queries": queries}),
        }
        for name, first, row in zip(names, flip_queries, clean_rows, strict=True)
    ]
    return outcomes(table(*clean_rows, *attacks))


def test_a_photograph_counts_from_the_query_that_flipped_it_on() -> None:
    found = by_budget(searched(1, 2, 4, 5, 0, 1))
    assert found["queries"].tolist() == [1, 2, 4, 5]
    assert found["flipped"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert found["flipped_n"].tolist() == [5] * 4  # the last one was wrong when clean
    assert (found["flipped_low"] < found["flipped"]).all()
    assert (found["flipped"] < found["flipped_high"]).all()


def test_runs_without_such_a_search_have_no_curve() -> None:
    assert by_budget(outcomes(table(clean(), {"facts": json.dumps({"queries": 8})}))).empty
    assert by_budget(outcomes(table(clean()))).empty
    assert by_budget(outcomes(table(clean(), {"facts": '{"flip_query'}))).empty


def test_a_search_on_nothing_but_wrong_photographs_has_no_curve() -> None:
    assert by_budget(searched(1)).empty


@pytest.mark.parametrize(
    ("most", "wanted"),
    [(0, []), (1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (8, [1, 2, 4, 8]), (9, [1, 2, 4, 8, 9])],
)
def test_budgets_double_up_to_the_most(most: int, wanted: list[int]) -> None:
    assert budgets(most) == wanted
