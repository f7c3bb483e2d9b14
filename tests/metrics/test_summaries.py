"""Each line of a summary, and the table that they make."""

import math

import pandas as pd
import pytest
from made_tables import BLANK, FOUR, clean, simulated, table

from typoattack.core.errors import UserError
from typoattack.metrics.clusters import ALONE, clusters
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import Figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import RecipeSummary, estimate, summarise, to_frame


def _only(predictions: pd.DataFrame, recipe: str = "printed-label") -> RecipeSummary:
    found = [s for s in summarise(predictions, resamples=100) if s.recipe == recipe]
    assert len(found) == 1
    return found[0]


def test_a_line_says_what_was_drawn_and_on_how_many() -> None:
    blank = BLANK | {"control_of": "printed-label", "coverage": 0.25, "size": 0.0}
    one = _only(
        table(
            {"sample": "a", "coverage": 0.1, "size": 0.2},
            {"sample": "b", "coverage": 0.3, "size": 0.0},
            {"sample": "a", "replicate": 1, "coverage": 0.2, "size": 0.4},
            {"sample": "a", **blank},
        )
    )
    assert (one.model, one.task, one.family) == ("m", "object", "attack")
    assert (one.control, one.control_of) == ("", "")
    assert (one.rows, one.samples) == (3, 2)
    assert one.coverage == pytest.approx(0.2)
    assert one.size == pytest.approx(0.3)
    assert one.blank_coverage == 0.25
    assert not one.bare


def test_a_control_says_whose_it_is_and_has_no_size_without_text() -> None:
    blank = BLANK | {"control_of": "printed-label", "coverage": 0.0, "size": 0.0}
    rows = table({}, blank)
    one = _only(rows, "blank-label")
    assert (one.family, one.control, one.control_of) == ("control", "blank", "printed-label")
    assert math.isnan(one.size)
    assert math.isnan(one.blank_coverage)
    assert not one.bare
    assert _only(rows).bare


def test_a_figure_that_is_not_there_is_named_with_the_nearest() -> None:
    said = "unknown figure 'flip_rat'; did you mean 'flip_rate'"
    with pytest.raises(UserError, match=said):
        _only(FOUR)["flip_rat"]
    with pytest.raises(UserError, match=said):
        estimate(outcomes(FOUR), "flip_rat")


def test_a_control_without_an_attack_stands_after_all_attacks() -> None:
    alone = {"recipe": "a-control", "family": "control", "control": "true", "control_of": ""}
    rows = table({"recipe": "z-attack"}, alone, clean())
    assert [s.recipe for s in summarise(rows, resamples=10)] == ["clean", "z-attack", "a-control"]


def test_the_seed_moves_the_bootstrap_and_nothing_else() -> None:
    rows = outcomes(simulated(12, replicates=3))
    rows = rows[rows["recipe"] == "printed-label"]
    alone = clusters(rows, ALONE)
    one, same, other = (
        estimate(rows, "flip_rate", seed=s, resamples=200, groups=alone) for s in (0, 0, 1)
    )
    assert one == same != other
    assert (one.value, one.n) == (other.value, other.n)
    assert estimate(rows, "flip_rate", resamples=200, groups=alone) == one
    assert estimate(rows, "flip_rate", resamples=3, groups=alone) != one
    assert estimate(rows, "accuracy_clean", groups=alone).method == "wilson"


def test_objects_that_repeat_are_said_and_widen_the_interval() -> None:
    predictions = simulated(60, replicates=1)
    predictions["label"] = predictions["label"] % 2
    together, alone = (
        next(s for s in summarise(predictions, by=by) if s.family == "attack")
        for by in ("label", "none")
    )
    assert (together.grouped, together.groups, alone.grouped) == ("label", 2, "")
    assert together["flip_rate"].value == alone["flip_rate"].value
    assert together["accuracy_clean"].clusters == 2
    width = {one.grouped: one["flip_rate"].high - one["flip_rate"].low for one in (together, alone)}
    assert width["label"] > width[""]


def test_clean_rows_have_their_own_line_first() -> None:
    first = summarise(FOUR, resamples=100)[0]
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


def test_controls_follow_their_attack() -> None:
    rows = table(
        {"recipe": "z-attack"},
        {"recipe": "a-attack"},
        {"recipe": "m-blank", "family": "control", "control": "blank", "control_of": "z-attack"},
        {"recipe": "b-blank", "family": "control", "control": "blank", "control_of": "a-attack"},
        clean(),
    )
    order = ["clean", "a-attack", "b-blank", "z-attack", "m-blank"]
    assert [s.recipe for s in summarise(rows, resamples=100)] == order


def test_models_and_tasks_are_kept_apart() -> None:
    rows = table({"model": "x", "predicted": 1}, {"model": "y"}, {"task": "ink", "model": "y"})
    found = {(s.model, s.task): s["flip_rate"].value for s in summarise(rows, resamples=100)}
    assert found == {("x", "object"): 1.0, ("y", "object"): 0.0, ("y", "ink"): 0.0}


def test_figures_do_not_depend_on_the_order_of_rows() -> None:
    rows = simulated(40, replicates=3)
    frame, turned = (to_frame(summarise(r, resamples=100)) for r in (rows, rows.iloc[::-1]))
    assert frame.equals(turned)


def test_pandas_recomputes_every_share() -> None:
    rows = simulated(50, replicates=3)
    attacked = rows[rows.recipe == "printed-label"]
    right = attacked[attacked.clean_predicted == attacked.label]
    flip = (right.predicted != right.label).groupby(right["sample"]).mean().mean()
    hit = (right.predicted == right.target).groupby(right["sample"]).mean().mean()
    one = _only(rows)
    assert (one["flip_rate"].value, one["targeted_success"].value) == (flip, hit)


def test_an_empty_table_has_no_summaries_and_a_frame_with_columns() -> None:
    assert summarise(FOUR.iloc[:0]) == []
    assert "flip_rate" in to_frame([])


def test_the_frame_has_every_figure_with_interval_and_n() -> None:
    frame = to_frame(summarise(FOUR, resamples=100))
    for name in FIGURES:
        assert {name, f"{name}_low", f"{name}_high", f"{name}_n"} <= set(frame.columns)
    assert frame["flip_rate"][1] == 2 / 3
    assert math.isnan(frame["flip_rate"][0])


def test_the_columns_of_the_csv_are_those_of_every_release() -> None:
    figures = [name for name in FIGURES for _ in range(4)]
    ends = ["", "_low", "_high", "_n"] * len(FIGURES)
    assert list(to_frame(summarise(FOUR, resamples=10))) == [
        *("model", "task", "recipe", "family", "control", "control_of"),
        *("rows", "samples", "coverage", "size", "blank_coverage"),
        *(name + end for name, end in zip(figures, ends, strict=True)),
        *("grouped", "groups"),
    ]
    assert list(FIGURES) == [
        *("accuracy_clean", "accuracy_attacked", "accuracy_drop", "flip_rate"),
        *("targeted_success", "reading_effect", "word_effect", "any_change", "says_word"),
        *("two_way_clean", "two_way_attacked", "margin_shift"),
        *("legible_share", "flip_rate_legible"),
        *("follows_text", "misled_by_text", "instruction_effect"),
    ]


def test_a_part_of_the_table_can_be_estimated_alone() -> None:
    counted = outcomes(FOUR)
    figure = estimate(counted[counted["sample"].isin(["a", "b"])], "flip_rate")
    assert (figure.value, figure.n) == (1.0, 2)
    assert isinstance(figure, Figure)
