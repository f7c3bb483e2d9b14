"""What becomes of photographs that were right when clean."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure as Canvas

from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.charts.base import (
    PAPER,
    SERIES,
    Chart,
    of_each_model,
    share_axis,
    short,
)

_FATES = (
    ("still right", SERIES[2], ""),
    ("called the word", SERIES[1], "//"),
    ("called something else", SERIES[4], ".."),
)


def fate_charts(summaries: Sequence[RecipeSummary]) -> Iterator[Chart]:
    """A chart a model: still right, called the word, called something else."""
    worded = [
        s for s in summaries if s.family == "attack" and s["flip_rate"] and s["targeted_success"]
    ]
    for ending, named, mine in of_each_model(worded):
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
    share_axis(axis)
    axis.set_xlim(0, 1)
    axis.set_xlabel("share of photographs right when clean")
    canvas.legend(loc="outside upper left", ncols=3, handlelength=1, columnspacing=0.6)
    return canvas
