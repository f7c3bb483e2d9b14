"""The matrix of transfer, for the terminal, as CSV, and as a heat map."""

from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure as Canvas
from rich.table import Table
from rich.text import Text

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.transfer import Transfer
from typoattack.report.charts.base import INK, PAPER, SERIES, Chart, short, write_charts
from typoattack.report.tables import NONE, minus, percent, plain_table


def terminal_transfer(found: Transfer) -> Table:
    """Found on (lines), tried on (columns): flip rates with their intervals."""
    table = plain_table(
        "Flips of what was found on one model (lines), tried on another (columns)",
        "flip rate of held-out photographs that the model tried has right; 95 % intervals",
    )
    table.add_column("found on", overflow="fold")
    for victim in found.victims:
        table.add_column(Text(victim), justify="right", overflow="fold")
    for source in found.sources:
        cells = []
        for victim in found.victims:
            one = found.flips[source, victim]
            ends = f"\n[{100 * one.low:.1f}, {100 * one.high:.1f}]"
            cells.append(Text(minus(percent(one.value) + ends) if one else NONE))
        table.add_row(Text(source), *cells)
    return table


def tell_transfer(found: Transfer) -> str:
    """Whether what is found on one model works on others, in a sentence."""
    if not found.gap or pd.isna(found.own) or pd.isna(found.others):
        return "Too few photographs were right when clean to tell."
    gap = found.gap
    return minus(
        f"On the model it was found on it flips {percent(found.own)}, on others "
        f"{percent(found.others)}: {100 * gap.value:+.1f} points more on its own "
        f"[{100 * gap.low:.1f}, {100 * gap.high:.1f}]."
    )


def transfer_frame(found: Transfer) -> pd.DataFrame:
    """One line a cell, unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "source": source,
                "victim": victim,
                "flip_rate": one.value,
                "low": one.low,
                "high": one.high,
                "n": one.n,
                "clusters": one.clusters,
            }
            for (source, victim), one in found.flips.items()
        ]
    )
    return frame


def write_transfer(found: Transfer, rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write `matrix.csv`, `transfer.csv` (every row), and the heat map as SVG and PNG.

    Raises:
        UserError: if the folder cannot be made or written.
    """
    make_folder(folder)
    tables = {"matrix.csv": transfer_frame(found), "transfer.csv": rows}
    for name, table in tables.items():
        write_whole(folder / name, csv_text(table).encode())
    caption = "Flip rate of held-out photographs: found on (lines), tried on (columns)."
    charts = write_charts([Chart("matrix", "Transfer", caption, partial(_drawn, found))], folder)
    return [*(folder / name for name in tables), *charts]


def _drawn(found: Transfer, width: float) -> Canvas:
    rows, columns = len(found.sources), len(found.victims)
    canvas = Canvas((width, 1.3 + 0.36 * rows), layout="constrained")
    axis = canvas.add_subplot()
    axis.grid(visible=False)
    for row, source in enumerate(found.sources):
        for column, victim in enumerate(found.victims):
            one = found.flips[source, victim]
            if not one:
                continue
            shade = max(one.value, 0.02)
            axis.barh(row, 1, 1, column - 0.5, color=SERIES[0], alpha=shade, linewidth=0)
            axis.text(
                column, row, f"{100 * one.value:.0f} %", ha="center", va="center", fontsize=7.5,
                color=PAPER if one.value > 0.6 else INK,
            )  # fmt: skip
    axis.set_xticks(range(columns), [short(v, 18) for v in found.victims], rotation=30, ha="right")
    axis.set_yticks(range(rows), [short(s, 24) for s in found.sources])
    axis.set_xlim(-0.5, columns - 0.5)
    axis.set_ylim(rows - 0.5, -0.5)
    axis.set_xlabel("tried on")
    axis.set_ylabel("found on")
    return canvas
