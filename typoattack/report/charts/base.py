"""What charts share: their look, their files, and their form on the page."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from typoattack.core.files import make_folder, write_whole
from typoattack.metrics.summaries import RecipeSummary

PAPER_WIDTH = 3.35
"""Inches: a column of a two-column paper."""

PAGE_WIDTH = 5.2
"""Inches: readable on a telephone when the page shrinks it, and side by side on a desk."""

PNG_DPI = 300

INK, QUIET, LINE, PAPER = "#1b1b1a", "#6a6a68", "#dcdbd7", "#fefefd"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's palette: told apart with any colour vision; shapes differ as well."""

SHAPES = ("o", "s", "^", "D", "v", "P")
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


def write_charts(made: Sequence[Chart], folder: Path) -> list[Path]:
    """Write each chart at the width of a paper's column, as SVG and as PNG on white."""
    make_folder(folder)
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


def slug(text: str) -> str:
    """`text` for a file's name: lower case, hyphens, at most 40 characters."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:40]


def models_of(summaries: Sequence[RecipeSummary]) -> list[str]:
    """The models of `summaries`, each once, in their order."""
    return list(dict.fromkeys(s.model for s in summaries))


def batches(models: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The models as many to a chart as there are colours, with what tells the charts apart."""
    size = len(SERIES)
    for start in range(0, len(models), size):
        suffix = f"-{start // size + 1}" if len(models) > size else ""
        yield suffix, models[start : start + size]


def of_each_model(
    summaries: Sequence[RecipeSummary],
) -> Iterator[tuple[str, str, list[RecipeSummary]]]:
    """Each model's summaries, for as many models as there are colours.

    Returns:
        What tells its chart from those of others in a file's name and in a title; its summaries.
    """
    models = models_of(summaries)
    for model in models[: len(SERIES)]:
        mine = [s for s in summaries if s.model == model]
        yield (
            (f"-{slug(model)}", f" ({short(model)})", mine) if len(models) > 1 else ("", "", mine)
        )


def share_axis(axis: Axes, which: str = "x") -> None:
    """Let the axis `which` (`x` or `y`) show shares, 0 to 100 %."""
    target = axis.xaxis if which == "x" else axis.yaxis
    (axis.set_xlim if which == "x" else axis.set_ylim)(-0.02, 1.02)
    target.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
