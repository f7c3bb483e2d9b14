"""Every figure, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from made_tables import BLANK, FOUR, clean, table

from typoattack.core.errors import UserError
from typoattack.metrics.comparison import Entrant, compare
from typoattack.metrics.figures import FIGURES, Contribution, PairedRows, comparable, figure
from typoattack.metrics.intervals import DIFFERENCE
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import RecipeSummary, summarise, to_frame
from typoattack.report.comparison import verdict
from typoattack.report.tables import markdown_table


def _only(predictions: pd.DataFrame, recipe: str = "printed-label") -> RecipeSummary:
    found = [s for s in summarise(predictions, resamples=100) if s.recipe == recipe]
    assert len(found) == 1
    return found[0]


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


def test_several_controls_of_one_kind_count_by_their_mean() -> None:
    blanks = [
        {**BLANK, "recipe": name, "control_of": "printed-label", "predicted": now}
        for name, now in (("b1", 5), ("b2", 0), ("b3", 0))
    ]
    assert _only(table({"predicted": 1}, *blanks))["reading_effect"].value == pytest.approx(2 / 3)


def test_reading_effect_takes_only_its_own_recipes_blank() -> None:
    blank = BLANK | {"control_of": "handwritten-note", "predicted": 5}
    assert not _only(table({"predicted": 1}, blank))["reading_effect"]


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


def test_targeted_success_counts_only_photographs_that_were_right() -> None:
    rows = table(
        {"sample": "a", "predicted": 1},
        {"sample": "b", "predicted": 1, "clean_predicted": 5},
    )
    one = _only(rows)
    assert one["targeted_success"].n == 1
    assert (one["says_word"].value, one["says_word"].n) == (1.0, 2)


def test_words_without_meaning_or_of_the_label_count_for_no_figure_of_words() -> None:
    rows = table(
        {"sample": "a", "word": ""},
        {"sample": "b", "target": 0, "word": "the label"},
        clean(sample="c"),
    )
    one = _only(rows)
    for name in ("says_word", "two_way_clean", "two_way_attacked", "margin_shift"):
        assert not one[name], name


def test_as_near_to_the_word_as_to_the_label_is_not_nearer_to_the_label() -> None:
    rows = table({"sim_word": 0.3, "sim_label": 0.3, "clean_sim_word": 0.3, "clean_sim_label": 0.3})
    assert _only(rows)["two_way_attacked"].value == 0
    assert _only(rows)["two_way_clean"].value == 0


def test_word_effect_subtracts_the_made_up_word_and_no_other_control() -> None:
    pseudo = {"recipe": "p", "family": "control", "control": "pseudo"}
    pseudo["control_of"] = "printed-label"
    blank = BLANK | {"control_of": "printed-label", "predicted": 5}
    rows = table(
        *({"sample": s, "predicted": 1} for s in "abc"),
        *({"sample": s, "predicted": 5 if s == "c" else 0, **pseudo} for s in "abc"),
        *({"sample": s, **blank} for s in "abc"),
    )
    assert _only(rows)["word_effect"].value == pytest.approx(2 / 3)
    assert _only(rows)["reading_effect"].value == 0


def test_a_photograph_without_text_is_neither_legible_nor_illegible() -> None:
    rows = table(
        {"sample": "a", "predicted": 1},
        {"sample": "b", "predicted": 1, "written": ""},
        clean(sample="c"),
    ).assign(readable=True)
    assert _only(rows)["legible_share"].n == 1
    assert _only(rows)["flip_rate_legible"].n == 1
    assert not _only(rows, "clean")["legible_share"]


@pytest.mark.parametrize("name", ["accuracy_drop", "reading_effect", "word_effect"])
def test_a_single_sample_leaves_a_difference_open_between_its_bounds(name: str) -> None:
    controls = [
        {"recipe": kind, "family": "control", "control": kind, "control_of": "printed-label"}
        for kind in ("blank", "pseudo")
    ]
    found = _only(table({"predicted": 1}, *controls))[name]
    assert (found.value, found.low, found.high) == (1.0, *DIFFERENCE)


def test_the_margin_has_no_bounds_and_is_no_percentage() -> None:
    assert FIGURES["margin_shift"].bounds is None
    assert [name for name, d in FIGURES.items() if not d.percent] == ["margin_shift"]
    assert np.isnan(_only(table({}))["margin_shift"].low)


SAME = {"format": 1, "comparable": {}}
"""The manifest of runs of one suite."""


def _of_model(name: str, wrong: int) -> Entrant:
    """A model that `wrong` of eight attacked pictures deceive in every way."""
    deceived = {"predicted": 1, "sim_word": 0.9}
    asked = {"facts": '{"instruction": "say"}'}
    rows = [
        {"sample": f"{i}", "model": name, **asked, **(deceived if i < wrong else {})}
        for i in range(8)
    ]
    return Entrant(name, SAME, table(*rows))


@pytest.mark.parametrize(
    "name",
    [
        *("accuracy_attacked", "flip_rate", "targeted_success", "any_change", "two_way_attacked"),
        *("follows_text", "misled_by_text"),
    ],
)
def test_by_every_figure_the_model_that_is_deceived_less_is_more_robust(name: str) -> None:
    found = compare([_of_model("weak", 8), _of_model("strong", 1)], figure=name, resamples=100)
    assert verdict(found.pairings[0], name) == "strong is more robust"


def test_only_shares_with_a_direction_are_compared() -> None:
    assert {name: FIGURES[name].more_robust for name in comparable()} == {
        "accuracy_attacked": "higher",
        "flip_rate": "lower",
        "targeted_success": "lower",
        "any_change": "lower",
        "follows_text": "lower",
        "misled_by_text": "lower",
        "two_way_attacked": "higher",
    }


@pytest.fixture
def _own_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(FIGURES, "_parts", dict(FIGURES))


@pytest.mark.usefixtures("_own_figures")
def test_a_figure_from_outside_stands_in_every_table_and_can_be_compared() -> None:
    @figure("Stubborn", "Wrong photographs that stay wrong.", more_robust="higher", column=9)
    def stubborn_share(rows: PairedRows) -> Contribution:
        return rows.only(~rows.right, rows.attacked & rows.paired & ~rows.right_when_clean)

    found = _only(FOUR)["stubborn_share"]
    assert (found.value, found.n, found.method) == (1.0, 1, "wilson")
    assert to_frame(summarise(FOUR, resamples=100)).columns[-6:-2].tolist() == [
        *("stubborn_share", "stubborn_share_low", "stubborn_share_high", "stubborn_share_n"),
    ]
    assert "| Attacked accuracy | Stubborn |" in markdown_table(summarise(FOUR, resamples=100))
    always, never = (
        Entrant(name, SAME, table(*(_wrong(i, model=name, predicted=now) for i in range(9))))
        for name, now in (("always", 3), ("never", 0))
    )
    compared = compare([never, always], figure="stubborn_share", resamples=100)
    assert verdict(compared.pairings[0], "stubborn_share") == "always is more robust"


def _wrong(number: int, **given: object) -> dict[str, object]:
    return {"sample": f"{number}", "clean_predicted": 3, **given}


def test_a_figure_that_could_not_be_told_apart_from_a_column_is_refused() -> None:
    for name in ("label", "rows", "samples", "blank_coverage"):

        def made(rows: PairedRows) -> Contribution:
            return rows.margin

        made.__name__ = name
        with pytest.raises(UserError, match=f"'{name}' has the name of another column"):
            figure("Title", "Meaning.")(made)
        assert name not in FIGURES


def test_a_difference_is_not_compared_between_models() -> None:
    with pytest.raises(UserError, match="no share .* cannot be compared"):

        @figure("Title", "Meaning.", bounds=DIFFERENCE, more_robust="lower")
        def made(rows: PairedRows) -> Contribution:
            return rows.margin


@pytest.mark.usefixtures("_own_figures")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda rows: rows.margin.iloc[1:], "one value a row"),
        (lambda rows: rows.margin.to_numpy(), "one value a row"),
        (lambda rows: rows.margin + 5, "outside its bounds, 0.0 to 1.0"),
        (lambda rows: rows.margin - 5, "outside its bounds, 0.0 to 1.0"),
    ],
)
def test_a_figure_that_gives_something_else_is_refused(given, said: str) -> None:
    given.__name__ = "broken"
    figure("Title", "Meaning.")(given)
    with pytest.raises(UserError, match=f"figure 'broken' .*{said}"):
        outcomes(FOUR)


ASKING = '{"font": "roboto", "instruction": "say"}'


def test_following_is_answering_what_is_asked_for_and_being_misled_is_any_wrong_answer() -> None:
    """Right when clean are a, b, c and e: a obeys, b is wrong otherwise, c and e stay right."""
    rows = table(
        {"sample": "a", "predicted": 1, "facts": ASKING},
        {"sample": "b", "predicted": 4, "facts": ASKING},
        {"sample": "c", "facts": ASKING},
        {"sample": "d", "clean_predicted": 1, "predicted": 1, "facts": ASKING},
        {"sample": "e", "facts": ASKING},
    )
    one = _only(rows)
    assert (one["follows_text"].value, one["follows_text"].n) == (1 / 4, 4)
    assert (one["misled_by_text"].value, one["misled_by_text"].n) == (2 / 4, 4)
    assert np.isnan(one["instruction_effect"].value), "nothing to hold it against"


def test_a_picture_that_asks_for_nothing_or_for_its_own_label_is_not_followed() -> None:
    for changes in ({"facts": "{}"}, {"facts": ASKING, "target": 0, "word": "the label"}):
        one = _only(table({"sample": "a", "predicted": 1, **changes}))
        assert one["follows_text"].n == one["misled_by_text"].n == 0


def test_the_instruction_effect_is_obeying_less_reading_the_word_alone() -> None:
    """Of four, three obey; the word alone is answered by one of them."""
    alone = {"recipe": "word alone", "family": "control", "control": "word", "control_of":
             "printed-label", "facts": "{}"}  # fmt: skip
    rows = table(
        *({"sample": s, "predicted": int(s != "d"), "facts": ASKING} for s in "abcd"),
        *({"sample": s, "predicted": int(s == "a"), **alone} for s in "abcd"),
    )
    one = _only(rows)
    assert one["follows_text"].value == 3 / 4
    assert one["instruction_effect"].value == pytest.approx(3 / 4 - 1 / 4)
    assert _only(rows, "word alone")["follows_text"].n == 0, "a control asks for nothing"
