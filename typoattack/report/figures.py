"""The figures of a run, drawn by matplotlib: for the page (SVG) and for a paper (SVG and PNG)."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from typoattack.core.files import write_whole
from typoattack.metrics.intervals import Figure
from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.sweeps import Sweep, find_sweeps

PAPER_WIDTH = 3.35
"""Inches: a column of a two-column paper."""

PAGE_WIDTH = 5.2
"""Inches: readable on a telephone when the page shrinks it, and side by side on a desk."""

PNG_DPI = 300

INK, QUIET, LINE, PAPER = "#1b1b1a", "#6a6a68", "#dcdbd7", "#fefefd"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's palette: told apart with any colour vision; shapes differ as well."""

_SHAPES = ("o", "s", "^", "D", "v", "P")
_VARIABLES = {INK: "ink", QUIET: "quiet", LINE: "line", PAPER: "paper"} | {
    colour: f"series-{i}" for i, colour in enumerate(SERIES, start=1)
}
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "lines.linewidth": 1.4,
}
PAGE_STYLE = {"font.size": 9.5, "legend.fontsize": 9, "svg.fonttype": "none"}
"""On the page letters are text, and large enough to read on a telephone."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure that can be drawn at any width.

    Attributes:
        name: its file name without an ending.
        title: what stands above it.
        caption: one or two sentences that say how to read it.
        draw: draws it at a width in inches.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[float], Canvas]


def charts(
    summaries: Sequence[RecipeSummary],
    counted: pd.DataFrame,
    names_of: Callable[[str], Sequence[str]],
) -> list[Chart]:
    """The figures that these results have something to show in.

    Args:
        summaries: of one or several models.
        counted: what `typoattack.metrics.outcomes.outcomes` gives for the same rows.
        names_of: for a task, what its labels index.
    """
    return [
        *_flip_rate_charts(summaries),
        *_fate_charts(summaries),
        *_coverage_charts(summaries),
        *_dose_charts(summaries),
        *_stroop_charts(counted, names_of),
    ]


def write_charts(made: Sequence[Chart], folder: Path) -> list[Path]:
    """Write each chart at the width of a paper's column, as SVG and as PNG on white."""
    folder.mkdir(exist_ok=True)
    written = []
    for chart in made:
        with mpl.rc_context(STYLE | {"svg.hashsalt": chart.name, "svg.fonttype": "path"}):
            canvas = chart.draw(PAPER_WIDTH)
            for kind in ("svg", "png"):
                path = folder / f"{chart.name}.{kind}"
                write_whole(path, _saved(canvas, kind, facecolor="white"))
                written.append(path)
    return written


def inline_svg(chart: Chart) -> str:
    """The chart as an SVG element whose colours follow the page's CSS variables."""
    with mpl.rc_context(STYLE | PAGE_STYLE | {"svg.hashsalt": chart.name}):
        text = _saved(chart.draw(PAGE_WIDTH), "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", lambda tag: _for_page(tag[0], chart.name), text)


def _for_page(tag: str, name: str) -> str:
    """One tag with the page's colours and font, and ids that no other chart has."""
    for colour, variable in _VARIABLES.items():
        tag = tag.replace(colour, f"var(--{variable})")
    tag = re.sub(r"(?<=font: )([^;\"]*?px) [^;\"]*", r"\1 inherit", tag)
    tag = re.sub(r"font-family: [^;\"]*", "font-family: inherit", tag)
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'(href=")#', rf"\1#{name}-", tag)
    return tag.replace("url(#", f"url(#{name}-")


def _saved(canvas: Canvas, kind: str, facecolor: str = "none") -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with warnings.catch_warnings():
        # A class name in a script that DejaVu lacks is a box in the PNG, not a reason to stop.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        canvas.savefig(buffer, format=kind, dpi=PNG_DPI, metadata=metadata, facecolor=facecolor)
    return buffer.getvalue()


def short(text: str, width: int = 34) -> str:
    """`text` on one line, its middle left out where it is longer than `width`."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(flat) <= width:
        return flat
    return f"{flat[: width - 9]}…{flat[-8:]}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:40]


def _models(summaries: Sequence[RecipeSummary]) -> list[str]:
    return list(dict.fromkeys(s.model for s in summaries))


def _batches(models: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The models as many to a chart as there are colours, with what tells the charts apart."""
    size = len(SERIES)
    for start in range(0, len(models), size):
        suffix = f"-{start // size + 1}" if len(models) > size else ""
        yield suffix, models[start : start + size]


def _of_each_model(
    summaries: Sequence[RecipeSummary],
) -> Iterator[tuple[str, str, list[RecipeSummary]]]:
    """Each model's summaries, for as many models as there are colours.

    Returns:
        What tells its chart from those of others in a file's name and in a title; its summaries.
    """
    models = _models(summaries)
    for model in models[: len(SERIES)]:
        mine = [s for s in summaries if s.model == model]
        yield (
            (f"-{_slug(model)}", f" ({short(model)})", mine) if len(models) > 1 else ("", "", mine)
        )


def _share_axis(axis: Axes, which: str = "x") -> None:
    target = axis.xaxis if which == "x" else axis.yaxis
    (axis.set_xlim if which == "x" else axis.set_ylim)(-0.02, 1.02)
    target.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _flip_rate_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    attacks = [s for s in summaries if s.family == "attack" and s["flip_rate"]]
    for suffix, models in _batches(_models(attacks)):
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
        axis.plot([], [], _SHAPES[k], color=SERIES[k], ms=4.5, label=short(model))
    if blanks:
        axis.plot([], [], "o", color=QUIET, mfc=PAPER, ms=4.5, label="without the word")
    axis.set_yticks(list(rows.values()), [short(r) for r in rows])
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)
    _share_axis(axis)
    axis.set_xlabel("flip rate")
    if len(models) > 1 or blanks:
        canvas.legend(loc="outside upper left", ncols=2, handletextpad=0.2)
    return canvas


def _dot(axis: Axes, figure: Figure, y: float, series: int, *, hollow: bool = False) -> None:
    colour = SERIES[series]
    axis.plot([figure.low, figure.high], [y, y], color=colour, lw=0.8 if hollow else 1.4, zorder=2)
    face = PAPER if hollow else colour
    axis.plot(figure.value, y, _SHAPES[series], color=colour, mfc=face, ms=4.5, zorder=3)


_FATES = (
    ("still right", SERIES[2], ""),
    ("called the word", SERIES[1], "//"),
    ("called something else", SERIES[4], ".."),
)


def _fate_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    """What becomes of photographs that were right when clean, a chart a model."""
    worded = [
        s for s in summaries if s.family == "attack" and s["flip_rate"] and s["targeted_success"]
    ]
    for ending, named, mine in _of_each_model(worded):
        yield Chart(
            f"fate{ending}",
            f"What becomes of a right answer{named}",
            "All photographs that were right when clean, by what they are called once the word "
            "is on them. Where many turn into something else and few into the word, the word "
            "disturbs more than it is read.",
            partial(_fates, mine),
        )


def _fates(attacks: Sequence[RecipeSummary], width: float) -> Canvas:
    ordered = sorted(attacks, key=lambda s: s["flip_rate"].value)
    canvas = Canvas((width, 0.8 + 0.25 * len(ordered)), layout="constrained")
    axis = canvas.add_subplot()
    flips = np.array([s["flip_rate"].value for s in ordered])
    words = np.minimum(np.array([s["targeted_success"].value for s in ordered]), flips)
    start = np.zeros(len(ordered))
    for (label, colour, hatch), part in zip(_FATES, (1 - flips, words, flips - words), strict=True):
        axis.barh(
            range(len(ordered)), part, 0.66, start, label=label, color=colour,
            hatch=hatch, edgecolor=PAPER, linewidth=0.8,
        )  # fmt: skip
        start = start + part
    axis.set_yticks(range(len(ordered)), [short(s.recipe) for s in ordered])
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    _share_axis(axis)
    axis.set_xlim(0, 1)
    axis.set_xlabel("share of photographs right when clean")
    canvas.legend(loc="outside upper left", ncols=3, handlelength=1, columnspacing=0.6)
    return canvas


def _coverage_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    shown = [s for s in summaries if s.family != "clean" and s["flip_rate"] and s.coverage > 0]
    for ending, named, mine in _of_each_model(shown):
        if len(mine) < 2:
            continue
        yield Chart(
            f"coverage{ending}",
            f"Does it just cover the object?{named}",
            "Each recipe by the share of the picture it changes and its flip rate. Filled: "
            "attacks; hollow: controls. If covering were all, points with the same coverage "
            "would lie at the same height.",
            partial(_coverage, mine),
        )


def _coverage(shown: Sequence[RecipeSummary], width: float) -> Canvas:
    ordered = sorted(shown, key=lambda s: (s.family == "control", -s["flip_rate"].value))
    columns = 1 if width == PAPER_WIDTH else 2
    key = -(-len(ordered) // columns) * 1.55 * mpl.rcParams["legend.fontsize"] / 72
    canvas = Canvas((width, 2.3 + key), layout="constrained")
    axis = canvas.add_subplot()
    for i, one in enumerate(ordered, start=1):
        attack = one.family == "attack"
        colour, rate = (SERIES[0] if attack else QUIET), one["flip_rate"]
        axis.plot([one.coverage] * 2, [rate.low, rate.high], color=colour, lw=0.7, zorder=2)
        face = colour if attack else PAPER
        axis.plot(one.coverage, rate.value, "o", ms=9, color=colour, mfc=face, zorder=3)
        axis.text(
            one.coverage, rate.value, str(i), ha="center", va="center_baseline", fontsize=6,
            color=PAPER if attack else INK, zorder=4,
        )  # fmt: skip
    _share_axis(axis, "y")
    axis.set_ylim(-0.07, 1.07)
    axis.set_xlim(0, 1.12 * max(s.coverage for s in shown))
    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axis.set_xlabel("share of the picture changed")
    axis.set_ylabel("flip rate")
    for i, one in enumerate(ordered, start=1):
        axis.plot([], [], " ", label=f"{i}  {short(one.recipe, 40)}")
    canvas.legend(loc="outside lower left", ncols=columns, handlelength=0, handletextpad=0)
    return canvas


def _dose_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    sweeps: dict[tuple[str, str], list[Sweep]] = {}
    for sweep in find_sweeps(s.recipe for s in summaries if s.family == "attack"):
        sweeps.setdefault((sweep.recipe, sweep.parameter), []).append(sweep)
    for (recipe, parameter), found in sweeps.items():
        for suffix, models in _batches(_models(summaries)):
            mine = [s for s in summaries if s.model in models]
            yield Chart(
                f"dose-{_slug(recipe)}-{_slug(parameter)}{suffix}",
                f"{recipe}: the effect of {parameter}",
                "Flip rate as one parameter grows and nothing else changes; bands are 95 % "
                "intervals. Dashed: the same surface without the word.",
                partial(_dose, mine, found),
            )


def _dose(summaries: Sequence[RecipeSummary], sweeps: Sequence[Sweep], width: float) -> Canvas:
    canvas = Canvas((width, min(2.7, width * 0.72)), layout="constrained")
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
            names = [model] if len(_models(summaries)) > 1 else []
            names += [sweep.fixed] if len(sweeps) > 1 else []
            _dose_line(axis, by_key, (model, task), sweep, series, ", ".join(names), dashed=False)
            _dose_line(axis, blanks, (model, task), sweep, series, "", dashed=True)
            series += 1
    _share_axis(axis, "y")
    axis.set_xlabel(sweeps[0].parameter)
    axis.set_ylabel("flip rate")
    if axis.get_legend_handles_labels()[0]:
        canvas.legend(loc="outside upper left", ncols=2)
    return canvas


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
    colour, shape = SERIES[series % len(SERIES)], _SHAPES[series % len(_SHAPES)]
    y = [rate.value for rate in rates]
    if dashed:
        axis.plot(x, y, color=colour, lw=1, ls=(0, (3, 2)), marker=shape, ms=3, mfc=PAPER)
        return
    low, high = [rate.low for rate in rates], [rate.high for rate in rates]
    axis.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    axis.plot(x, y, color=colour, marker=shape, ms=4, label=short(label, 44) or None)
    legible = [(v, one["legible_share"].value) for v, one in points if one["legible_share"]]
    if legible:
        told = "share legible" if series == 0 else None
        axis.plot(*zip(*legible, strict=True), color=QUIET, lw=1, ls=":", label=told)


MOST_CELLS = 16
"""Tasks with more classes than this have no matrix of label against word."""


def _stroop_charts(
    counted: pd.DataFrame, names_of: Callable[[str], Sequence[str]]
) -> Iterator[Chart]:
    """For tasks with few answers: which word wins over which label."""
    rows = counted[(counted["family"] == "attack") & (counted["target"] >= 0)]
    for (model, task), mine in rows.groupby(["model", "task"], sort=True):
        class_names = names_of(str(task))
        labels = sorted({*mine["label"], *mine["target"]})
        if len(class_names) > MOST_CELLS or len(labels) < 2:
            continue
        won = (mine["predicted"] == mine["target"]).astype(float)
        table = won.groupby([mine["label"], mine["target"]]).mean().unstack()
        table = table.reindex(index=labels, columns=labels)
        names = [class_names[i] for i in labels]
        several = counted[["model", "task"]].drop_duplicates()
        ending = f"-{_slug(str(model))}-{_slug(str(task))}" if len(several) > 1 else ""
        yield Chart(
            f"stroop{ending}",
            f"Stroop matrix{f' ({model})' if ending else ''}",
            "How often the written word is the answer, for each true answer (rows) and word "
            "(columns). On the diagonal word and truth agree; elsewhere a high share means that "
            "the word wins.",
            partial(_matrix, table, names),
        )


def _matrix(table: pd.DataFrame, names: Sequence[str], width: float) -> Canvas:
    n = len(names)
    canvas = Canvas((width, width * 0.86), layout="constrained")
    axis = canvas.add_subplot()
    values = table.to_numpy(np.float64)
    axis.pcolormesh(values, cmap="cividis", vmin=0, vmax=1, edgecolors=PAPER, linewidth=0.8)
    size = min(7.0, 50 * width / PAGE_WIDTH / n)
    for i, j in zip(*np.nonzero(~np.isnan(values)), strict=True):
        axis.text(
            j + 0.5, i + 0.5, f"{100 * values[i, j]:.0f}", ha="center", va="center",
            fontsize=size, color="#ffffff" if values[i, j] < 0.55 else "#000000",
        )  # fmt: skip
    ticks = np.arange(n) + 0.5
    axis.set_xticks(ticks, [short(name, 16) for name in names], rotation=45, ha="right")
    axis.set_yticks(ticks, [short(name, 16) for name in names])
    axis.invert_yaxis()
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    axis.set_xlabel("word written (% answered with it)")
    axis.set_ylabel("true answer")
    return canvas
