"""A field of models: clean accuracy against robustness, recipe by recipe, and recipes alike."""

import math
from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure as Canvas

from typoattack.metrics.field import Field, Placed
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import NOTHING
from typoattack.metrics.intervals import Figure as Interval
from typoattack.report.charts.base import INK, LINE, PAPER, QUIET, SERIES, Chart, share_axis, short

_NAMED = 12
"""Models that are named in a chart; the names of more would hide the points."""

_MOST_RECIPES = 12

_NAMES_TALL = 1.7
"""Inches that the longest upright name takes."""


def field_charts(found: Field) -> list[Chart]:
    """The charts that this field has something to show in."""
    title = FIGURES[found.figure].title.lower()
    made = [
        Chart(
            "clean-and-robust",
            f"Clean accuracy and {title}",
            "Each model on its own photographs, with 95 % intervals. Hollow: without a place.",
            partial(_scatter, found, _clean, "clean accuracy"),
        )
    ]
    if any(one.reading for one in found.models):
        made.append(
            Chart(
                "reading-and-robust",
                f"Reading and {title}",
                "The share of words alone that each model reads, with 95 % intervals: one that "
                "reads nothing is robust at a price. The dotted line is guessing.",
                partial(_scatter, found, _reads, "reads: share of words alone that are read"),
            )
        )
    if any(one.recipes for one in found.models):
        made.append(
            Chart(
                "by-recipe",
                f"{title.capitalize()}, recipe by recipe",
                "One line a model, in the order of the table, darkest first; a line that crosses "
                "others is a model whose place depends on the attack.",
                partial(_by_recipe, found),
            )
        )
    if not found.correlation.empty:
        made.append(
            Chart(
                "correlation",
                "Do attacks agree about models?",
                "Spearman's correlation of recipes across the models with a place.",
                partial(_correlation, found),
            )
        )
    return made


def _clean(one: Placed) -> Interval:
    return one.figures["accuracy_clean"]


def _reads(one: Placed) -> Interval:
    return one.reading.reads if one.reading else NOTHING


def _scatter(
    found: Field, across: Callable[[Placed], Interval], label: str, width: float
) -> Canvas:
    canvas = Canvas((width, width * 0.8), layout="constrained")
    axis = canvas.add_subplot()
    for one in found.models:
        place, score = across(one), _own(one, found.figure)
        if not (place and score):
            continue
        colour = SERIES[0] if one.rank.place is not None else QUIET
        axis.plot([place.low, place.high], [score.value] * 2, color=colour, linewidth=0.5)
        axis.plot([place.value] * 2, [score.low, score.high], color=colour, linewidth=0.5)
        face = colour if one.rank.place is not None else PAPER
        axis.plot(place.value, score.value, "o", color=colour, markerfacecolor=face, markersize=4)
        if len(found.models) <= _NAMED:
            at = (place.value, score.value)
            name = short(one.rank.name, 24)
            axis.annotate(name, at, (4, 4), textcoords="offset points", fontsize=6.5)
    share_axis(axis, "x")
    share_axis(axis, "y")
    chance = next((one.reading.chance for one in found.models if one.reading), None)
    if across is _reads and chance is not None:
        axis.axvline(chance, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    axis.set_xlabel(label)
    axis.set_ylabel(FIGURES[found.figure].title.lower())
    return canvas


def _own(one: Placed, figure: str) -> Interval:
    return one.figures.get(figure, one.rank.score)


def _by_recipe(found: Field, width: float) -> Canvas:
    recipes = sorted({recipe for one in found.models for recipe in one.recipes})[:_MOST_RECIPES]
    count = len(found.models)
    names = [short(one.rank.name, 24) for one in found.models] if count <= _NAMED else []
    # In two columns where two names are sure to fit beside each other.
    columns = 2 if max(map(len, names), default=0) * 0.16 < width else 1
    key = 0.19 * -(-len(names) // columns)
    canvas = Canvas((width, 0.7 + 0.28 * len(recipes) + key), layout="constrained")
    axis = canvas.add_subplot()
    places = range(len(recipes))
    for number, one in enumerate(found.models):
        values = [one.recipes[r].value if r in one.recipes else math.nan for r in recipes]
        shade = 1 - 0.75 * number / max(1, count - 1)
        label = names[number] if names else None
        axis.plot(values, places, "o-", color=SERIES[0], alpha=shade, markersize=3, label=label)
    axis.set_yticks(list(places), [short(r) for r in recipes])
    axis.invert_yaxis()
    share_axis(axis, "x")
    if names:
        canvas.legend(loc="outside lower left", ncols=columns)
    return canvas


def _correlation(found: Field, width: float) -> Canvas:
    table = found.correlation.iloc[:_MOST_RECIPES, :_MOST_RECIPES]
    side = 1.2 + 0.3 * len(table)
    tall = max(min(width, side), _NAMES_TALL + 0.25 * len(table))
    canvas = Canvas((min(width, side + 1.2), tall), layout="constrained")
    axis = canvas.add_subplot()
    axis.grid(visible=False)
    for row, name in enumerate(table.index):
        for column, other in enumerate(table.columns):
            value = float(table.loc[name, other])
            if math.isnan(value):
                continue
            colour = SERIES[0] if value >= 0 else SERIES[1]
            axis.scatter(column, row, s=120 * abs(value), color=colour, linewidths=0)
            axis.annotate(
                f"{value:.1f}".replace("-", "−"),
                (column, row),
                ha="center",
                va="center",
                fontsize=5.5,
                color=PAPER if abs(value) > 0.45 else INK,
            )
    names = [short(str(name), 22) for name in table.index]
    axis.set_xticks(range(len(names)), names, rotation=90)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    for spine in axis.spines.values():
        spine.set_color(LINE)
    return canvas
