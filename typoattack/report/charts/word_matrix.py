"""Which written word wins over which true answer."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from typoattack.report.charts.base import (
    PAGE_WIDTH,
    PAPER,
    Chart,
    short,
    slug,
)

MOST_CELLS = 16
"""Tasks with more classes than this have no matrix of label against word."""


def word_matrix_charts(
    counted: pd.DataFrame, names_of: Callable[[str], Sequence[str]]
) -> Iterator[Chart]:
    """For tasks with few answers: which word wins over which label."""
    targeted = (counted["family"] == "attack") & (counted["target"] >= 0)
    rows = counted.loc[targeted, ["model", "task", "label", "target", "predicted"]]
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
        ending = f"-{slug(str(model))}-{slug(str(task))}" if len(several) > 1 else ""
        yield Chart(
            f"word-matrix{ending}",
            f"Which word wins over which answer{f' ({model})' if ending else ''}",
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
