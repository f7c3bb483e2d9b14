"""What each row contributes, and which tables are refused."""

import numpy as np
import pandas as pd
import pytest
from made_tables import BLANK, FOUR, clean, table

from typoattack.core.errors import UserError
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.outcomes import outcomes


def test_every_figure_has_a_column_of_floats_beside_the_predictions() -> None:
    counted = outcomes(FOUR.set_index(np.arange(10, 18)))
    assert counted.index.tolist() == list(range(8))
    assert counted[FOUR.columns].equals(FOUR)
    assert {str(counted[name].dtype) for name in FIGURES} == {"float64"}
    assert set(counted) == {*FOUR.columns, *FIGURES, "blank_coverage"}


def test_clean_rows_contribute_to_clean_accuracy_alone() -> None:
    first = outcomes(FOUR).loc[0, list(FIGURES)]
    assert first.dropna().to_dict() == {"accuracy_clean": 1.0}


def test_the_coverage_of_its_blank_stands_beside_each_row() -> None:
    blank = BLANK | {"control_of": "printed-label", "coverage": 0.25}
    rows = table({"sample": "a"}, {"sample": "b"}, {"sample": "a", **blank})
    assert outcomes(rows)["blank_coverage"].fillna(-1).tolist() == [0.25, -1, -1]


@pytest.mark.parametrize("column", ["label", "predicted", "clean_predicted", "target", "size"])
def test_an_infinite_number_is_as_bad_as_none(column: str) -> None:
    rows = FOUR.astype({column: "float64"})
    rows.loc[5, column] = np.inf
    with pytest.raises(UserError, match=f"'{column}' has no number in 1 of 8 rows"):
        outcomes(rows)


def test_numbers_are_needed_only_where_there_can_be_one() -> None:
    rows = table(
        clean(sample="a", clean_sim_word=np.nan),
        {"sample": "a", "word": "", "sim_word": np.nan, "clean_sim_word": np.nan},
        {"sample": "b", "clean_predicted": -1, "clean_sim_label": np.nan, "clean_sim_word": np.nan},
    )
    assert len(outcomes(rows)) == 3
    rows.loc[0, "clean_sim_label"] = np.nan
    with pytest.raises(UserError, match="'clean_sim_label' has no number in 1 of 2"):
        outcomes(rows)


def test_the_first_bad_row_is_named_by_task_recipe_sample_and_replicate() -> None:
    rows = table({"sample": "x" * 200, "sim_label": np.nan})
    with pytest.raises(UserError) as told:
        outcomes(rows)
    assert str(told.value) == (
        "column 'sim_label' has no number in 1 of 1 rows, first task 'object', recipe "
        f"'printed-label', sample '{'x' * 80}', replicate '0'; did the model return NaN?"
    )


@pytest.mark.parametrize("column", ["sim_label", "sim_word", "clean_sim_word", "coverage"])
def test_missing_numbers_are_refused_by_name(column: str) -> None:
    rows = FOUR.copy()
    rows.loc[5, column] = np.nan
    with pytest.raises(UserError, match=f"'{column}' has no number in 1 of .* sample 'b'"):
        outcomes(rows)


def test_rows_that_stand_twice_are_refused() -> None:
    with pytest.raises(UserError, match=r"1 rows twice.*sample 'd'"):
        outcomes(pd.concat([FOUR, FOUR.iloc[[7]]]))


def test_a_table_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="lacks the column 'label'"):
        outcomes(FOUR.drop(columns="label"))
