"""The tables say what the summaries say, in every format, whatever the names hold."""

import io
from pathlib import Path

import pandas as pd
from made_tables import clean, simulated, table
from rich.console import Console
from rich.table import Table

from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import NOTHING, Figure
from typoattack.metrics.summaries import summarise, to_frame
from typoattack.report.tables import (
    columns,
    defence_terminal_table,
    latex_table,
    markdown_table,
    shown,
    shown_interval,
    write_tables,
)
from typoattack.report.terminal import terminal_tables

NASTY = 'x|y_<script>alert("1")</script>&%$#{}[bold]'


def _printed(predictions: pd.DataFrame) -> str:
    return _text(*terminal_tables(summarise(predictions), 200))


def _text(*made: Table) -> str:
    console = Console(file=io.StringIO(), width=200)
    for one in made:
        console.print(one)
    out: str = console.file.getvalue()  # type: ignore[attr-defined]
    return out


def test_the_csv_holds_every_figure_unrounded(tmp_path: Path) -> None:
    summaries = summarise(simulated(30))
    write_tables(summaries, tmp_path)
    read = pd.read_csv(tmp_path / "summary.csv", keep_default_na=False, na_values=[""])
    for name, column in to_frame(summaries).items():
        blank = [x == "" or x != x for x in column]
        assert [x for x, b in zip(read[name], blank, strict=True) if not b] == [
            x for x, b in zip(column, blank, strict=True) if not b
        ]


def test_markdown_names_a_control_by_its_kind_under_its_attack() -> None:
    rates = {"printed-label": 0.5, "blank-label(printed-label)": 0.1}
    text = markdown_table(summarise(simulated(10, rates)))
    names = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    assert names[2:] == ["| clean", "| printed-label", "| ↳ blank"]


def test_a_control_without_its_attack_keeps_its_whole_name() -> None:
    rates = {"printed-label": 0.5, "blank-label(scene-sign)": 0.1}
    predictions = simulated(10, rates)
    own = set(predictions.loc[predictions["family"] == "control", "recipe"])
    text = markdown_table(summarise(predictions))
    names = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    assert names[-1].removeprefix("| ") in own
    assert own <= set(_printed(predictions).split())
    beside = pd.concat([predictions.assign(model=model) for model in ("a", "b")])
    assert own <= set(_printed(beside).split())


def test_what_a_control_is_called_cannot_break_the_table() -> None:
    predictions = simulated(10).replace({"control": {"blank": NASTY}})
    text = markdown_table(summarise(predictions))
    (line,) = (line for line in text.splitlines() if line.startswith("| ↳"))
    assert "<script>" not in line
    assert r"x\|y" in line


def test_all_three_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    written = write_tables(summarise(simulated(10)), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in written)
    assert {p.suffix for p in written} == {".csv", ".md", ".tex"}


def test_the_terminal_shows_value_interval_and_n() -> None:
    rows = table(clean(), {"predicted": 1}, {"sample": "b"}, clean(sample="b"))
    text = _printed(rows)
    assert "50.0 %" in text
    assert "[9.5, 90.5]" in text
    assert "2/2" in text


def test_markup_in_a_recipe_name_is_shown_as_text() -> None:
    rows = table({"recipe": NASTY})
    assert NASTY in _printed(rows)
    assert "<script>" not in markdown_table(summarise(rows))
    assert r"x|y\_<script>" in latex_table(summarise(rows))
    assert r"\&\%\$\#\{\}" in latex_table(summarise(rows))


def test_model_and_task_have_a_column_only_where_they_differ() -> None:
    one, two = simulated(10), simulated(10, models=("mini", "other"))
    assert "| Model |" not in markdown_table(summarise(one))
    assert "| Model |" in markdown_table(summarise(two))


def test_every_markdown_line_has_as_many_cells() -> None:
    text = markdown_table(summarise(simulated(10, models=("a|b", "c"))))
    lines = [line.replace(r"\|", "") for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1


def test_legibility_has_columns_only_where_it_was_measured() -> None:
    rows = simulated(10)
    assert "Legible" not in markdown_table(summarise(rows))
    assert "Legible" in markdown_table(summarise(rows.assign(readable=True)))


def _titles(predictions: pd.DataFrame) -> list[str]:
    return [d.title for d in columns(summarise(predictions, resamples=50))]


def test_columns_stand_in_the_order_that_their_definitions_give() -> None:
    always = ["Flip rate", "Targeted success", "Reading effect", "Clean accuracy"]
    always += ["Attacked accuracy"]
    assert _titles(simulated(5)) == always
    measured = simulated(5).assign(readable=True)
    assert _titles(measured) == [*always, "Legible", "Flip rate, legible"]


def test_says_the_word_stands_where_targeted_success_has_nothing_to_count() -> None:
    nothing = {"clean_predicted": -1, "clean_sim_label": None, "clean_sim_word": None}
    rows = table({"predicted": 1, **nothing}).assign(readable=True)
    assert _titles(rows) == ["Attacked accuracy", "Says the word", "Legible"]


def test_defences_are_columns_in_percent_and_several_models_are_named() -> None:
    index = pd.MultiIndex.from_tuples([("m", "clean accuracy"), ("m", "x")])
    frame = pd.DataFrame({"undefended": [0.5, 1 / 3], "mirror": [0.25, float("nan")]}, index)
    frame.index.names = ["model", "line"]
    one = _text(defence_terminal_table(frame)).splitlines()
    assert [line.split() for line in one[1:]] == [
        ["undefended", "mirror"],
        ["clean", "accuracy", "50.0", "%", "25.0", "%"],
        ["x", "33.3", "%"],
    ]
    both = pd.concat([frame, frame.rename(index={"m": "other"}, level=0)])
    assert "other: x" in _text(defence_terminal_table(both))


def test_numbers_are_shown_in_their_unit_with_real_signs() -> None:
    drop, margin, rate = (FIGURES[n] for n in ("accuracy_drop", "margin_shift", "flip_rate"))
    found = Figure(-0.125, -0.25, 0.0004, 9)
    assert (shown(found, drop), shown_interval(found, drop)) == ("−12.5 pp", "[−25.0, 0.0]")
    assert (shown(found, margin), shown_interval(found, margin)) == ("−0.125", "[−0.250, +0.000]")
    assert shown(Figure(0.824, 0.5, 1.0, 9), rate) == "82.4 %"
    assert shown_interval(Figure(0.824, float("nan"), 1.0, 9), rate) == ""
    assert (shown(NOTHING, rate), shown_interval(NOTHING, rate)) == ("–", "")


def test_no_rows_make_an_empty_table(tmp_path: Path) -> None:
    write_tables([], tmp_path)
    assert "flip_rate" in (tmp_path / "summary.csv").read_text()
