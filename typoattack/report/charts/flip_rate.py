"""How often a word changes the answer, beside the same place without the word."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from typoattack.metrics.intervals import Figure
from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.charts.base import (
    PAPER,
    QUIET,
    SERIES,
    SHAPES,
    Chart,
    batches,
    models_of,
    share_axis,
    short,
)


def flip_rate_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    """A chart for as many models as there are colours, a line a recipe."""
    attacks = [s for s in summaries if s.family == "attack" and s["flip_rate"]]
    for suffix, models in batches(models_of(attacks)):
        mine = [s for s in attacks if s.model in models]
        blanks = {
            (s.model, s.task, s.control_of): s["flip_rate"]
            for s in summaries
            if s.control == "blank" and s["flip_rate"] and s.coverage > 0
        }
        yield Chart(
            f"flip-rate{suffix}",
            "How often a word changes the answer",
            "Filled: flip rate of each recipe with its 95 % interval. Hollow: the same surface in "
            "the same place without the word, where the recipe has a surface. The distance between "
            "the two is reading.",
            partial(_flip_rates, mine, models, blanks),
        )


def _flip_rates(
    attacks: Sequence[RecipeSummary],
    models: Sequence[str],
    blanks: Mapping[tuple[str, str, str], Figure],
    width: float,
) -> Canvas:
    strongest = {s.recipe: s["flip_rate"].value for s in attacks if s.model == models[0]}
    recipes = sorted(dict.fromkeys(s.recipe for s in attacks), key=lambda r: strongest.get(r, 0.0))
    rows = {recipe: i for i, recipe in enumerate(recipes)}
    step = 0.7 / len(models)
    height = 0.6 + len(rows) * (0.27 + 0.13 * (len(models) - 1)) + 0.16 * len(models)
    canvas = Canvas((width, height), layout="constrained")
    axis = canvas.add_subplot()
    for k, model in enumerate(models):
        at = (len(models) - 1) / 2 * step - k * step
        for one in (s for s in attacks if s.model == model):
            y, blank = rows[one.recipe] + at, blanks.get((model, one.task, one.recipe))
            if blank:
                _dot(axis, blank, y - 0.32 * step, k, hollow=True)
            _dot(axis, one["flip_rate"], y, k)
        axis.plot([], [], SHAPES[k], color=SERIES[k], ms=4.5, label=short(model))
    if blanks:
        axis.plot([], [], "o", color=QUIET, mfc=PAPER, ms=4.5, label="without the word")
    axis.set_yticks(list(rows.values()), [short(r) for r in rows])
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)
    share_axis(axis)
    axis.set_xlabel("flip rate")
    if len(models) > 1 or blanks:
        canvas.legend(loc="outside upper left", ncols=2, handletextpad=0.2)
    return canvas


def _dot(axis: Axes, figure: Figure, y: float, series: int, *, hollow: bool = False) -> None:
    colour = SERIES[series]
    axis.plot([figure.low, figure.high], [y, y], color=colour, lw=0.8 if hollow else 1.4, zorder=2)
    face = PAPER if hollow else colour
    axis.plot(
        figure.value, y, SHAPES[series], color=colour, mfc=face, ms=4.5, zorder=3, clip_on=False
    )
