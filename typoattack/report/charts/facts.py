"""Figures of given pictures by a number that their data set says of them."""

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from typoattack.metrics.figures import FIGURES
from typoattack.report.charts.base import SERIES, SHAPES, Chart, batches, share_axis, short, slug


def fact_charts(facts: pd.DataFrame) -> Iterator[Chart]:
    """A chart for each number and recipe.

    Args:
        facts: what `typoattack.metrics.dose.by_facts` gives; empty if there is nothing.
    """
    if facts.empty:
        return
    for (fact, recipe), rows in facts.groupby(["fact", "recipe"], sort=True):
        name = next(name for name in FIGURES if name in rows and rows[name].notna().any())
        for suffix, models in batches(list(dict.fromkeys(rows["model"]))):
            yield Chart(
                f"facts-{slug(str(recipe))}-{slug(str(fact))}{suffix}",
                f"{recipe}: the effect of {fact}",
                f"{FIGURES[name].title} of pictures in bins by quantiles; a bar is a 95 % "
                "interval, at the bin's median.",
                partial(_draw, rows[rows["model"].isin(models)], str(fact), name),
            )


def _draw(rows: pd.DataFrame, fact: str, name: str, width: float) -> Canvas:
    canvas = Canvas((width, min(2.7, width * 0.72)), layout="constrained")
    axis = canvas.add_subplot()
    several = rows["model"].nunique() > 1
    for series, (model, mine) in enumerate(rows.groupby("model", sort=False)):
        colour, shape = SERIES[series % len(SERIES)], SHAPES[series % len(SHAPES)]
        value = mine[name]
        axis.errorbar(
            mine["middle"],
            value,
            yerr=[
                (value - mine[f"{name}_low"]).clip(lower=0),
                (mine[f"{name}_high"] - value).clip(lower=0),
            ],
            color=colour,
            marker=shape,
            ms=4,
            lw=1.4,
            elinewidth=1,
            label=short(str(model), 44) if several else None,
        )
    share_axis(axis, "y")
    axis.set_xlabel(fact)
    axis.set_ylabel(FIGURES[name].title.lower())
    if several:
        canvas.legend(loc="outside upper left", ncols=2)
    return canvas
