"""The tables say what the summaries say, in every format, whatever the names hold."""

import io
from pathlib import Path

import pandas as pd
from made_tables import clean, simulated, table
from rich.console import Console

from typoattack.metrics.summaries import summarise, to_frame
from typoattack.report.tables import latex_table, markdown_table, terminal_table, write_tables

NASTY = 'x|y_<script>alert("1")</script>&%$#{}[bold]'


def _printed(predictions: pd.DataFrame) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(terminal_table(summarise(predictions)))
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


def test_no_rows_make_an_empty_table(tmp_path: Path) -> None:
    write_tables([], tmp_path)
    assert "flip_rate" in (tmp_path / "summary.csv").read_text()
