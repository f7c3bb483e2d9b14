"""Flip rate against the share of the picture that a recipe changes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.charts.base import (
    INK,
    PAPER,
    PAPER_WIDTH,
    QUIET,
    SERIES,
    Chart,
    of_each_model,
    share_axis,
    short,
)


def coverage_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    """A chart a model, of recipes that change something."""
    shown = [s for s in summaries if s.family != "clean" and s["flip_rate"] and s.coverage > 0]
    # A recipe has one number in all of a run's charts, though models rank the recipes differently.
    ranked = sorted(shown, key=lambda s: (s.family == "control", -s["flip_rate"].value))
    number = {name: i for i, name in enumerate(dict.fromkeys(s.recipe for s in ranked), start=1)}
    for ending, named, mine in of_each_model(shown):
        if len(mine) < 2:
            continue
        yield Chart(
            f"coverage{ending}",
            f"Does it just cover the object?{named}",
            "Each recipe by the share of the picture it changes and its flip rate. Filled: "
            "attacks; hollow: controls. If covering were all, points with the same coverage "
            "would lie at the same height.",
            partial(_coverage, mine, number),
        )


def _coverage(shown: Sequence[RecipeSummary], number: Mapping[str, int], width: float) -> Canvas:
    ordered = sorted(shown, key=lambda s: number[s.recipe])
    columns = 1 if width == PAPER_WIDTH else 2
    key = -(-len(ordered) // columns) * 1.55 * mpl.rcParams["legend.fontsize"] / 72
    canvas = Canvas((width, 2.3 + key), layout="constrained")
    axis = canvas.add_subplot()
    for one in ordered:
        attack = one.family == "attack"
        colour, rate = (SERIES[0] if attack else QUIET), one["flip_rate"]
        axis.plot([one.coverage] * 2, [rate.low, rate.high], color=colour, lw=0.7, zorder=2)
        face = colour if attack else PAPER
        axis.plot(one.coverage, rate.value, "o", ms=9, color=colour, mfc=face, zorder=3)
        axis.text(
            one.coverage, rate.value, str(number[one.recipe]), fontsize=6, zorder=4,
            ha="center", va="center_baseline", color=PAPER if attack else INK,
        )  # fmt: skip
    share_axis(axis, "y")
    axis.set_ylim(-0.07, 1.07)
    most = max(s.coverage for s in shown)
    axis.set_xlim(-0.06 * most, 1.12 * most)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axis.set_xlabel("share of the picture changed")
    axis.set_ylabel("flip rate")
    for one in ordered:
        axis.plot([], [], " ", label=f"{number[one.recipe]}  {short(one.recipe, 40)}")
    canvas.legend(loc="outside lower left", ncols=columns, handlelength=0, handletextpad=0)
    return canvas
