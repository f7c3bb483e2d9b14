"""Every figure, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from made_tables import BLANK, clean, simulated, table

from typoattack.core.errors import UserError
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import Figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import RecipeSummary, estimate, summarise, to_frame


def _only(predictions: pd.DataFrame, recipe: str = "printed-label") -> RecipeSummary:
    found = [s for s in summarise(predictions) if s.recipe == recipe]
    assert len(found) == 1
    return found[0]


FOUR = table(
    clean(sample="a"),
    clean(sample="b"),
    clean(sample="c", predicted=3, clean_predicted=3),
    clean(sample="d"),
    {"sample": "a", "predicted": 1, "sim_word": 0.4},
    {"sample": "b", "predicted": 2, "sim_word": 0.3},
    {"sample": "c", "predicted": 1, "clean_predicted": 3, "clean_sim_word": 0.35},
    {"sample": "d"},
)


def test_flip_rate_is_the_share_of_clean_correct_samples_that_turn_wrong() -> None:
    figure = _only(FOUR)["flip_rate"]
    assert (figure.value, figure.n, figure.method) == (2 / 3, 3, "wilson")
    assert figure.low == pytest.approx(0.2077, abs=1e-4)
    assert figure.high == pytest.approx(0.9385, abs=1e-4)


def test_targeted_success_counts_only_the_written_class() -> None:
    assert _only(FOUR)["targeted_success"].value == 1 / 3


def test_targeted_success_leaves_out_the_own_word_and_words_that_name_no_class() -> None:
    rows = table(
        {"sample": "a", "predicted": 1},
        {"sample": "b", "target": 0, "word": "the label"},
        {"sample": "c", "target": -1, "word": "blorp", "predicted": 4},
    )
    figure = _only(rows)["targeted_success"]
    assert (figure.value, figure.n) == (1.0, 1)
    assert _only(rows)["flip_rate"].n == 3


def test_any_change_counts_all_samples() -> None:
    figure = _only(FOUR)["any_change"]
    assert (figure.value, figure.n) == (3 / 4, 4)


def test_accuracy_falls_by_the_drop() -> None:
    one = _only(FOUR)
    assert one["accuracy_clean"].value == 3 / 4
    assert one["accuracy_attacked"].value == 1 / 4
    assert (one["accuracy_drop"].value, one["accuracy_drop"].method) == (1 / 2, "bootstrap")


def test_two_way_accuracy_asks_label_against_word_alone() -> None:
    one = _only(FOUR)
    assert one["two_way_clean"].value == 3 / 4
    assert one["two_way_attacked"].value == 2 / 4


def test_margin_shift_is_the_mean_change_of_label_minus_word() -> None:
    expected = np.mean([(0.3 - 0.4) - 0.2, (0.3 - 0.3) - 0.2, (0.3 - 0.2) - (-0.05), 0.1 - 0.2])
    assert _only(FOUR)["margin_shift"].value == pytest.approx(expected)


def test_clean_rows_have_their_own_line_first() -> None:
    first = summarise(FOUR)[0]
    assert (first.recipe, first["accuracy_clean"].value, first["accuracy_clean"].n) == (
        "clean",
        0.75,
        4,
    )
    assert not first["flip_rate"]


def test_a_sample_attacked_several_times_counts_once() -> None:
    rows = table(
        *({"sample": "a", "replicate": r, "predicted": 1} for r in range(4)),
        {"sample": "b", "replicate": 0},
        {"sample": "b", "replicate": 1, "predicted": 1},
    )
    one = _only(rows)
    assert one["flip_rate"].value == (1 + 1 / 2) / 2
    assert (one["flip_rate"].n, one["flip_rate"].method, one.rows, one.samples) == (
        2,
        "bootstrap",
        6,
        2,
    )
    assert one["accuracy_clean"].method == "wilson"


def test_reading_effect_subtracts_the_blank_of_the_same_sample_and_replicate() -> None:
    blank = BLANK | {"control_of": "printed-label"}
    rows = table(
        {"sample": "a", "predicted": 1},
        {"sample": "b", "predicted": 1},
        {"sample": "c"},
        {"sample": "d", "predicted": 1},
        {"sample": "a", **blank},
        {"sample": "b", "predicted": 5, **blank},
        {"sample": "c", "predicted": 5, **blank},
    )
    figure = _only(rows)["reading_effect"]
    assert figure.value == pytest.approx((1 + 0 - 1) / 3)
    assert figure.n == 3


def test_reading_effect_takes_only_its_own_recipes_blank() -> None:
    blank = BLANK | {"control_of": "handwritten-note", "predicted": 5}
    assert not _only(table({"predicted": 1}, blank))["reading_effect"]


def test_controls_follow_their_attack() -> None:
    rows = table(
        {"recipe": "z-attack"},
        {"recipe": "a-attack"},
        {"recipe": "m-blank", "family": "control", "control": "blank", "control_of": "z-attack"},
        {"recipe": "b-blank", "family": "control", "control": "blank", "control_of": "a-attack"},
        clean(),
    )
    order = ["clean", "a-attack", "b-blank", "z-attack", "m-blank"]
    assert [s.recipe for s in summarise(rows)] == order


NO_CLEAN = {"clean_predicted": -1, "clean_sim_label": np.nan, "clean_sim_word": np.nan}


def test_pictures_without_a_clean_one_count_where_none_is_needed() -> None:
    rows = table(
        {"sample": "a", "predicted": 1, "sim_word": 0.5, **NO_CLEAN},
        {"sample": "b", "predicted": 0, **NO_CLEAN},
        {"sample": "c", "predicted": 4, **NO_CLEAN},
    )
    one = _only(rows)
    assert (one["accuracy_attacked"].value, one["says_word"].value) == (1 / 3, 1 / 3)
    assert one["two_way_attacked"].value == 2 / 3
    for name in ("accuracy_clean", "accuracy_drop", "flip_rate", "targeted_success",
                 "any_change", "two_way_clean", "margin_shift"):  # fmt: skip
        assert not one[name]


def test_legibility_is_reported_where_it_was_measured() -> None:
    rows = table(
        {"sample": "a", "predicted": 1},
        {"sample": "b", "predicted": 1},
        {"sample": "c"},
        {"sample": "d"},
    ).assign(readable=[True, False, True, None])
    one = _only(rows)
    assert (one["legible_share"].value, one["legible_share"].n) == (2 / 3, 3)
    assert (one["flip_rate_legible"].value, one["flip_rate_legible"].n) == (1 / 2, 2)
    assert not _only(FOUR)["legible_share"]


def test_models_and_tasks_are_kept_apart() -> None:
    rows = table({"model": "x", "predicted": 1}, {"model": "y"}, {"task": "ink", "model": "y"})
    found = {(s.model, s.task): s["flip_rate"].value for s in summarise(rows)}
    assert found == {("x", "object"): 1.0, ("y", "object"): 0.0, ("y", "ink"): 0.0}


def test_figures_do_not_depend_on_the_order_of_rows() -> None:
    rows = simulated(40, replicates=3)
    assert to_frame(summarise(rows)).equals(to_frame(summarise(rows.iloc[::-1])))


def test_pandas_recomputes_every_share() -> None:
    rows = simulated(50, replicates=3)
    attacked = rows[rows.recipe == "printed-label"]
    right = attacked[attacked.clean_predicted == attacked.label]
    flip = (right.predicted != right.label).groupby(right["sample"]).mean().mean()
    hit = (right.predicted == right.target).groupby(right["sample"]).mean().mean()
    one = _only(rows)
    assert (one["flip_rate"].value, one["targeted_success"].value) == (flip, hit)


@pytest.mark.parametrize("column", ["sim_label", "sim_word", "clean_sim_word", "coverage"])
def test_missing_numbers_are_refused_by_name(column: str) -> None:
    rows = FOUR.copy()
    rows.loc[5, column] = np.nan
    with pytest.raises(UserError, match=f"'{column}' has no number in 1 of .* sample 'b'"):
        summarise(rows)


def test_rows_that_stand_twice_are_refused() -> None:
    with pytest.raises(UserError, match=r"1 rows twice.*sample 'd'"):
        summarise(pd.concat([FOUR, FOUR.iloc[[7]]]))


def test_a_table_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="lacks the column 'label'"):
        summarise(FOUR.drop(columns="label"))


def test_an_empty_table_has_no_summaries_and_a_frame_with_columns() -> None:
    assert summarise(FOUR.iloc[:0]) == []
    assert "flip_rate" in to_frame([])


def test_the_frame_has_every_figure_with_interval_and_n() -> None:
    frame = to_frame(summarise(FOUR))
    for name in FIGURES:
        assert {name, f"{name}_low", f"{name}_high", f"{name}_n"} <= set(frame.columns)
    assert frame["flip_rate"][1] == 2 / 3
    assert math.isnan(frame["flip_rate"][0])


def test_a_part_of_the_table_can_be_estimated_alone() -> None:
    counted = outcomes(FOUR)
    figure = estimate(counted[counted["sample"].isin(["a", "b"])], "flip_rate")
    assert (figure.value, figure.n) == (1.0, 2)
    assert isinstance(figure, Figure)
