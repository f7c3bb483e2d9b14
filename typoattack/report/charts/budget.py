"""What a search has flipped after so many queries."""

import textwrap
from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from typoattack.report.charts.base import SERIES, SHAPES, Chart, batches, share_axis, short, slug

_A_MODEL = "budget"


def budget_charts(budget: pd.DataFrame) -> Iterator[Chart]:
    """A chart a model, a curve a search.

    Args:
        budget: what `typoattack.metrics.budget.by_budget` gives; empty if there is nothing.
    """
    if budget.empty:
        return
    for model, rows in budget.groupby("model", sort=False):
        for suffix, recipes in batches(list(dict.fromkeys(rows["recipe"]))):
            yield Chart(
                f"{_A_MODEL}-{slug(str(model))}{suffix}",
                f"{model}: flipped within a budget of queries",
                "Share of photographs for which one of the first queries was answered wrongly; "
                "bands are 95 % intervals. The axis is logarithmic.",
                partial(_draw, rows[rows["recipe"].isin(recipes)]),
            )


def _draw(rows: pd.DataFrame, width: float) -> Canvas:
    canvas = Canvas(layout="constrained")
    axis = canvas.add_subplot()
    names = list(dict.fromkeys(rows["recipe"]))
    several = len(names) > 2
    for series, (recipe, mine) in enumerate(rows.groupby("recipe", sort=False)):
        colour, shape = SERIES[series % len(SERIES)], SHAPES[series % len(SHAPES)]
        axis.fill_between(
            mine["queries"],
            mine["flipped_low"],
            mine["flipped_high"],
            color=colour,
            alpha=0.06 if several else 0.14,
            lw=0,
        )
        axis.plot(
            mine["queries"],
            mine["flipped"],
            color=colour,
            marker=shape,
            ms=4,
            label=_in_lines(str(recipe)),
            clip_on=False,
        )
    share_axis(axis, "y")
    axis.set_xscale("log", base=2)
    ticks = sorted(set(rows["queries"]))
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel("queries")
    axis.set_ylabel("flipped by then")
    canvas.legend(loc="outside upper left", ncols=1)
    lines = sum(_in_lines(str(name)).count("\n") + 1 for name in names)
    canvas.set_size_inches(width, min(2.7, width * 0.72) + 0.16 * lines)
    return canvas


def _in_lines(recipe: str) -> str:
    """A recipe as the legend shows it: whole, since searches differ in their last parameters."""
    return "\n".join(textwrap.wrap(short(recipe, 3 * _LINE), _LINE))


_LINE = 42
"""Characters of a legend's line that fit into a column of a paper."""
