"""The curve of what so many photographs can show."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator, StrMethodFormatter

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.report.charts.base import SERIES, SHAPES, Chart, short, write_charts


def write_power(curves: Mapping[str, pd.DataFrame], out: Path) -> None:
    """Write `power.csv`, `power.svg` and `power.png` into a folder, which is made.

    Args:
        curves: by name, what `typoattack.metrics.power.curve` gives.
        out: the folder.

    Raises:
        UserError: if it cannot be written.
    """
    make_folder(out)
    table = pd.concat({name: one.set_index("photographs") for name, one in curves.items()})
    table.index.names = ["attack", "photographs"]
    write_whole(out / "power.csv", csv_text(table.reset_index()).encode())
    caption = "The smallest difference that is shown with 80 % power at 5 %, by one test."
    write_charts([Chart("power", "What can be shown", caption, partial(_drawn, curves))], out)


def _drawn(curves: Mapping[str, pd.DataFrame], width: float) -> Canvas:
    canvas = Canvas((width, width * 0.6), layout="constrained")
    axis = canvas.add_subplot()
    for place, (name, one) in enumerate(curves.items()):
        axis.plot(
            one["photographs"],
            100 * one["detectable"],
            color=SERIES[place % len(SERIES)],
            marker=SHAPES[place % len(SHAPES)],
            markersize=3.5,
            linewidth=1,
            label=short(name),
        )
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_ylim(bottom=0)
    axis.set_xlabel("photographs")
    axis.set_ylabel("points that are shown")
    axis.legend(frameon=False)
    return canvas
