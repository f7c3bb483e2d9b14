"""How robust, and at what price: the sentence, the table, the chart, the page."""

import io
import math

import pandas as pd
import pytest

from typoattack.metrics.intervals import Figure
from typoattack.metrics.reading import Price, Reading
from typoattack.report.charts.base import inline_svg
from typoattack.report.charts.price import price_charts
from typoattack.report.price import price_cells, price_frame, reading_lines, tell_price


def share(value: float, reach: float = 0.05) -> Figure:
    return Figure(value, value - reach, value + reach, 100, "wilson")


def price(name: str, kept: float, reads: float | None, **more: object) -> Price:
    by = {"form": {"word": share(0.9)}, "style": {}, "size": {"small": share(0.3)}}
    reading = None if reads is None else Reading(name, share(reads), 0.1, by)
    return Price(name, share(kept), 4, share(0.85), reading, **more)  # type: ignore[arg-type]


MISLED = price("m", 0.1, 0.9)
BLIND = price("blind", 0.7, 0.1)


def test_one_model_is_told_with_all_three_figures_and_its_corner() -> None:
    assert tell_price([MISLED]) == (
        "m is right on 85 % [80, 90] of clean photographs, keeps 10 % [5, 15] of its right answers "
        "under attack (over 4 attacks), and reads 90 % [85, 95] of words alone, where "
        "guessing reads 10 %: it reads, and is misled."
    )


def test_several_models_are_told_by_corner_in_their_number() -> None:
    told = tell_price([MISLED, BLIND, price("n", 0.2, 0.8)])
    assert told == (
        "Of 3 models, m (90 % read, 10 % kept) and n (80 % read, 20 % kept) read, and are misled; "
        "blind (10 % read, 70 % kept) does not read, and is not misled."
    )


def test_what_was_not_asked_is_said() -> None:
    assert tell_price([price("m", 0.1, None)]).endswith("; whether it reads was not asked.")
    told = tell_price([price("m", 0.1, None), price("n", 0.6, None)])
    assert "n keeps the most of its right answers under attack (60 % [55, 65])" in told
    assert told.endswith("whether they read was not asked.")
    assert tell_price([]) == ""


def test_a_line_shows_what_a_defence_costs() -> None:
    defended = price("m + x", 0.6, 0.4, undefended="m", lost=share(0.031), unread=0.5)
    assert price_cells(defended)[-2:] == ["+3.1 pp", "+50.0 pp"]
    assert price_cells(MISLED)[-2:] == ["", ""]


def test_the_csv_holds_the_numbers_unrounded() -> None:
    text = price_frame([MISLED, price("n", 1 / 3, None)]).to_csv(index=False)
    read = pd.read_csv(io.StringIO(text), keep_default_na=True).set_index("model")
    assert read.loc["n", "kept"] == 1 / 3
    assert math.isnan(read.loc["n", "reads"])
    assert read.loc["m", "corner"] == "reads, and is misled"


def test_reading_by_sort_has_a_column_a_sort_that_there_is() -> None:
    found = [one.reading for one in (MISLED, BLIND) if one.reading]
    head, first, _ = reading_lines(found)
    assert head == ("Model", ["word", "small letters"])
    assert first == ("m", ["90.0 % [85.0, 95.0]", "30.0 % [25.0, 35.0]"])


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([MISLED, BLIND], ["does not read,", "reads: share of words alone that are read"]),
        ([price("a", 0.1, None), price("b", 0.5, None)], ["clean accuracy"]),
    ],
)
def test_the_chart_names_models_and_axes(found: list[Price], says: list[str]) -> None:
    (chart,) = price_charts(found)
    svg = inline_svg(chart)
    for text in (*says, *(one.model for one in found), "right answers kept under attack"):
        assert f">{text}</text>" in svg


def test_one_model_that_was_not_asked_has_no_chart() -> None:
    assert list(price_charts([price("m", 0.1, None)])) == []


def test_more_models_than_colours_get_more_charts() -> None:
    made = list(price_charts([price(f"m{n}", 0.1, 0.9) for n in range(8)]))
    assert [chart.name for chart in made] == ["price-1", "price-2"]
