"""Which of two recipes works better: for the terminal, and as CSV and Markdown."""

import math
from pathlib import Path

import pandas as pd
from rich.table import Table

from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.paired import ALPHA
from typoattack.metrics.recipe_comparison import RecipeComparison, RecipePairing
from typoattack.report.comparison import could_show, paired_columns, shown_difference, shown_p
from typoattack.report.story import said_p
from typoattack.report.tables import escape_markdown, markdown_lines, percent
from typoattack.report.terminal import Column, fitted_table

FILE = "recipes.md"

_CAPTION = (
    "Difference: B minus A, with its 95 % interval; n: photographs that count under both; "
    "p: sign-flip test of the mean gap a photograph, Holm-adjusted over the pairs of one model; "
    f"told apart: p < {ALPHA}; could have shown: with 80 % power at 5 %, before adjusting"
)

_LEFT = ("Model", "A", "B", "Verdict")
"""The columns of words."""


def winner(one: RecipePairing, figure: str) -> str:
    """The recipe that is the stronger attack; empty where the two are not told apart."""
    if not one.established:
        return ""
    higher_is_stronger = FIGURES[figure].more_robust == "lower"
    return one.b if (one.difference.value > 0) == higher_is_stronger else one.a


def recipe_frame(found: RecipeComparison) -> pd.DataFrame:
    """One line a model and pair of recipes, unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "model": one.model,
                "task": one.task,
                **paired_columns(one, found.figure),
            }
            for one in found.pairings
        ]
    )
    return frame


def _heads(found: RecipeComparison) -> list[str]:
    title = FIGURES[found.figure].title
    rates = [f"{title} A", f"{title} B"]
    return ["Model", "A", "B", "n", *rates, "Difference", "p (Holm)", "Verdict"]


def _cells(one: RecipePairing, figure: str, between: str) -> list[str]:
    better = winner(one, figure)
    verdict = f"{better} works better" if better else f"not told apart{between}{could_show(one)}"
    rates = [percent(one.rate_a), percent(one.rate_b)]
    names = [one.model, one.a, one.b, str(one.difference.n)]
    return [*names, *rates, shown_difference(one, between), shown_p(one.p_holm), verdict]


def recipe_table(found: RecipeComparison, width: int) -> Table:
    """A table for the terminal; models have a column where there are several.

    Args:
        found: the comparison.
        width: of the terminal in characters.
    """
    several = len({one.model for one in found.pairings}) > 1
    keep = dict(zip(_heads(found), (4, 9, 8, 0, 3, 3, 7, 2, 5), strict=True))
    columns = [Column(head, keep[head], left=head in _LEFT) for head in _heads(found)]
    rows = [
        ([cell.split("\n") for cell in _cells(one, found.figure, "\n")], "")
        for one in found.pairings
    ]
    order = [1, 2, *([0] if several else []), *range(3, len(columns))]
    return fitted_table(
        "Attacks on the same photographs",
        _CAPTION,
        [columns[place] for place in order],
        [([cells[place] for place in order], style) for cells, style in rows],
        width,
    )


def tell_recipes(found: RecipeComparison) -> list[str]:
    """A sentence a model and pair of recipes."""
    return [_sentence(one, found) for one in found.pairings]


def _sentence(one: RecipePairing, found: RecipeComparison) -> str:
    figure = FIGURES[found.figure].title.lower()
    rates = (one.rate_a, one.rate_b)
    pairs = sum(other.model == one.model for other in found.pairings)
    adjusted = "" if pairs == 1 else f", after adjusting for {pairs} pairs"
    evidence = (
        f"{shown_difference(one, ' ')}, {said_p(one.p_holm)}{adjusted}, on the "
        f"{one.difference.n} photographs that count under both"
    )
    better = winner(one, found.figure)
    if not better:
        reach = (
            "" if math.isnan(one.detectable)
            else f"; a difference of {100 * one.detectable:.0f} points could have been shown"
        )  # fmt: skip
        return (
            f"{one.model}: {one.a} and {one.b} are not told apart: {figure} {percent(rates[0])} "
            f"and {percent(rates[1])} ({evidence}){reach}."
        )
    other = one.a if better == one.b else one.b
    shown = [percent(rate) for rate in (rates if better == one.a else rates[::-1])]
    return (
        f"{one.model}: {better} works better than {other}: {figure} {shown[0]} against "
        f"{shown[1]} ({evidence})."
    )


def recipe_markdown(found: RecipeComparison) -> str:
    """The comparison in Markdown."""
    heads = _heads(found)
    lines = [heads, ["---" if head in _LEFT else "---:" for head in heads]]
    rows = [[escape_markdown(c) for c in _cells(p, found.figure, " ")] for p in found.pairings]
    told = [*tell_recipes(found), *found.notes]
    definition = FIGURES[found.figure]
    return (
        f"{markdown_lines([*lines, *rows])}\n{_CAPTION}.\n\n"
        f"*{definition.title}*: {definition.meaning}\n\n"
        + "".join(f"- {escape_markdown(sentence)}\n" for sentence in told)
    )


def write_recipes(found: RecipeComparison, folder: Path) -> list[Path]:
    """Write `recipes.md` and `recipes.csv`.

    Args:
        found: what `typoattack.metrics.recipe_comparison.compare_recipes` found.
        folder: must exist.

    Returns:
        The files written.
    """
    texts = {
        FILE: recipe_markdown(found),
        "recipes.csv": csv_text(recipe_frame(found)),
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / name for name in texts]
