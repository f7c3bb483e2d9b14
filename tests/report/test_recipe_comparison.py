"""A comparison of recipes in sentences, in the terminal and as files."""

import io
from pathlib import Path

import pandas as pd
import pytest
from made_tables import table
from rich.console import Console

from typoattack.metrics.comparison import Entrant
from typoattack.metrics.recipe_comparison import RecipeComparison, compare_recipes
from typoattack.report.recipe_comparison import (
    recipe_frame,
    recipe_table,
    tell_recipes,
    winner,
    write_recipes,
)


def _found(
    white: int, yellow: int, figure: str = "flip_rate", models: str = "m"
) -> RecipeComparison:
    rows = [
        {"sample": f"s{i:03d}", "recipe": f"label(paper='{paper}')", "predicted": int(i < flips)}
        for paper, flips in (("white", white), ("yellow", yellow))
        for i in range(20)
    ]
    return compare_recipes([Entrant(name, {}, table(*rows)) for name in models], figure=figure)


@pytest.mark.parametrize("figure", ["flip_rate", "accuracy_attacked"])
def test_the_stronger_attack_is_the_one_that_does_more_harm(figure: str) -> None:
    found = _found(4, 16, figure)
    assert winner(found.pairings[0], figure) == "label(paper='yellow')"
    assert winner(_found(16, 4, figure).pairings[0], figure) == "label(paper='white')"


def test_a_difference_is_told_in_a_sentence() -> None:
    (told,) = tell_recipes(_found(4, 16))
    assert told.startswith(
        "m: label(paper='yellow') works better than label(paper='white'): flip rate 80.0 % against "
        "20.0 % (+60.0 pp ["
    )
    assert told.endswith("p < 0.001, on the 20 photographs that count under both).")


def test_no_difference_is_told_with_what_could_have_been_shown() -> None:
    (told,) = tell_recipes(_found(4, 5))
    assert "are not told apart: flip rate 20.0 % and 25.0 %" in told
    assert told.endswith("; a difference of 43 points could have been shown.")


def test_the_table_names_models_where_there_are_several_and_files_hold_all(tmp_path: Path) -> None:
    found = _found(4, 16, models="mn")
    console = Console(file=io.StringIO(), width=140)
    console.print(recipe_table(found, console.width))
    assert "Model" in console.file.getvalue()  # type: ignore[attr-defined]
    markdown, table_file = write_recipes(found, tmp_path)
    assert "works better" in markdown.read_text()
    pd.testing.assert_frame_equal(pd.read_csv(table_file), recipe_frame(found), check_exact=True)
