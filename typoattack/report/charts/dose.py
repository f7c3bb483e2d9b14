"""Flip rate as one parameter of a recipe grows."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

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
    slug,
)
from typoattack.report.sweeps import Sweep, find_sweeps


def dose_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    """A chart for each recipe and parameter that a run sweeps."""
    sweeps: dict[tuple[str, str], list[Sweep]] = {}
    for sweep in find_sweeps(s.recipe for s in summaries if s.family == "attack"):
        sweeps.setdefault((sweep.recipe, sweep.parameter), []).append(sweep)
    for (recipe, parameter), found in sweeps.items():
        for suffix, models in batches(models_of(summaries)):
            mine = [s for s in summaries if s.model in models]
            yield Chart(
                f"dose-{slug(recipe)}-{slug(parameter)}{suffix}",
                f"{recipe}: the effect of {parameter}",
                "Flip rate as one parameter grows and nothing else changes; bands are 95 % "
                "intervals. Dashed: the same surface without the word.",
                partial(_dose, mine, found),
            )


def _dose(summaries: Sequence[RecipeSummary], sweeps: Sequence[Sweep], width: float) -> Canvas:
    canvas = Canvas(layout="constrained")
    axis = canvas.add_subplot()
    by_key = {(s.model, s.task, s.recipe): s for s in summaries}
    blanks = {
        (s.model, s.task, s.control_of): s
        for s in summaries
        if s.control == "blank" and s.coverage > 0
    }
    series = 0
    for model, task in dict.fromkeys((s.model, s.task) for s in summaries):
        for sweep in sweeps:
            names = [model] if len(models_of(summaries)) > 1 else []
            names += [sweep.fixed or "all else as by default"] if len(sweeps) > 1 else []
            _dose_line(axis, by_key, (model, task), sweep, series, ", ".join(names), dashed=False)
            _dose_line(axis, blanks, (model, task), sweep, series, "", dashed=True)
            series += 1
    share_axis(axis, "y")
    axis.set_xlabel(sweeps[0].parameter)
    axis.set_ylabel("flip rate")
    labels = axis.get_legend_handles_labels()[1]
    columns = 2 if max(map(len, labels), default=0) <= _NARROW_LABEL else 1
    if labels:
        canvas.legend(loc="outside upper left", ncols=columns)
    lines = max(-(-len(labels) // columns) - 2, 0)
    canvas.set_size_inches(width, min(2.7, width * 0.72) + 0.16 * lines)
    return canvas


_NARROW_LABEL = 22
"""Characters of a label two of which fit beside one another in a column of a paper."""


def _dose_line(
    axis: Axes,
    by_key: Mapping[tuple[str, str, str], RecipeSummary],
    who: tuple[str, str],
    sweep: Sweep,
    series: int,
    label: str,
    *,
    dashed: bool,
) -> None:
    """One curve over the sweep's values; legibility, where measured, as a dotted one."""
    model, task = who
    found = [(value, by_key.get((model, task, recipe))) for value, recipe in sweep.points]
    points = [(value, one) for value, one in found if one is not None and one["flip_rate"]]
    if not points:
        return
    x = [value for value, _ in points]
    rates = [one["flip_rate"] for _, one in points]
    colour, shape = SERIES[series % len(SERIES)], SHAPES[series % len(SHAPES)]
    y = [rate.value for rate in rates]
    if dashed:
        axis.plot(
            x, y, color=colour, lw=1, ls=(0, (3, 2)), marker=shape, ms=3, mfc=PAPER, clip_on=False
        )
        return
    low, high = [rate.low for rate in rates], [rate.high for rate in rates]
    axis.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    axis.plot(x, y, color=colour, marker=shape, ms=4, label=short(label, 44) or None, clip_on=False)
    legible = [(v, one["legible_share"].value) for v, one in points if one["legible_share"]]
    if legible:
        told = "share legible" if series == 0 else None
        axis.plot(*zip(*legible, strict=True), color=QUIET, lw=1, ls=":", label=told)
