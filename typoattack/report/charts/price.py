"""Robustness against reading: four corners, and where each model lies."""

from collections.abc import Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from typoattack.metrics.intervals import Figure as Interval
from typoattack.metrics.reading import ROBUST, Price
from typoattack.report.charts.base import (
    LINE,
    PAPER,
    QUIET,
    SERIES,
    SHAPES,
    Chart,
    batches,
    share_axis,
    short,
)

PRICE = "price"
"""The chart's name; the page shows it at its top."""

_KEPT = (
    "Of right answers, the share that attacks leave right (mean over attacked pictures), against"
)

_CORNERS = (
    (0.99, 0.985, "right", "top", "reads,\nis not misled"),
    (0.99, 0.015, "right", "bottom", "reads,\nis misled"),
    (0.01, 0.985, "left", "top", "does not read,\nis not misled"),
    (0.01, 0.015, "left", "bottom", "does not read,\nfalls all the same"),
)


def price_charts(found: Sequence[Price]) -> Iterator[Chart]:
    """Robustness against reading; against clean accuracy where reading was not asked."""
    asked = [one for one in found if one.reading is not None]
    if asked:
        by_name = {one.model: one for one in asked}
        for ending, names in batches(list(by_name)):
            yield Chart(
                f"{PRICE}{ending}",
                "Robust, or only blind?",
                f"{_KEPT} the share of word-only pictures read, with 95 % intervals. The dashed "
                "line is guessing; the others part the corners.",
                partial(_corners, [by_name[name] for name in names]),
            )
    elif len(found) > 1:
        every = {one.model: one for one in found}
        for ending, names in batches(list(every)):
            yield Chart(
                f"{PRICE}{ending}",
                "Robust, and at what price?",
                f"{_KEPT} clean accuracy, with 95 % intervals.",
                partial(_against_clean, [every[name] for name in names]),
            )


def _corners(found: Sequence[Price], width: float) -> Canvas:
    first = found[0].reading
    canvas, axis = _square(width, len(found))
    if first is not None:
        axis.axvline(first.middle, color=LINE, linewidth=1)
        axis.axvline(first.chance, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    axis.axhline(ROBUST, color=LINE, linewidth=1)
    for x, y, horizontal, vertical, text in _CORNERS:
        axis.text(
            x, y, text, transform=axis.transAxes, ha=horizontal, va=vertical, color=QUIET,
            fontsize=1.5 * width, linespacing=1.1, zorder=2,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    for number, one in enumerate(found):
        if one.reading is not None:
            _point(axis, number, one, one.reading.reads)
    axis.set_xlabel("reads: share of words alone that are read")
    return _finished(canvas, axis)


def _against_clean(found: Sequence[Price], width: float) -> Canvas:
    canvas, axis = _square(width, len(found))
    for number, one in enumerate(found):
        _point(axis, number, one, one.clean)
    axis.set_xlabel("clean accuracy")
    return _finished(canvas, axis)


def _square(width: float, models: int) -> tuple[Canvas, Axes]:
    canvas = Canvas((width, width * 0.86 + 0.18 * models), layout="constrained")
    return canvas, canvas.add_subplot()


def _point(axis: Axes, number: int, one: Price, across: Interval) -> None:
    colour, kept = SERIES[number % len(SERIES)], one.kept
    axis.plot([across.low, across.high], [kept.value] * 2, color=colour, linewidth=0.9, zorder=3)
    axis.plot([across.value] * 2, [kept.low, kept.high], color=colour, linewidth=0.9, zorder=3)
    axis.plot(
        across.value, kept.value, SHAPES[number % len(SHAPES)], color=colour, markersize=6,
        label=short(one.model, 40), zorder=4, clip_on=False,
    )  # fmt: skip


def _finished(canvas: Canvas, axis: Axes) -> Canvas:
    axis.grid(visible=False)
    axis.set_aspect("equal")
    share_axis(axis, "x")
    share_axis(axis, "y")
    axis.set_ylabel("right answers kept under attack")
    canvas.legend(loc="outside upper left", ncols=1, handlelength=1)
    return canvas
