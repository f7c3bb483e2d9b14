"""Every figure of each model, task and recipe, with its interval.

A sample that was attacked several times counts once, with the mean of its attacked versions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from typoattack.core.errors import unknown
from typoattack.core.randomness import stream
from typoattack.metrics.clusters import AUTO, Clusters, clustered, clusters
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import RESAMPLES, SHARE, Figure, Values, bootstrap, wilson
from typoattack.metrics.outcomes import outcomes
from typoattack.results.schema import CLEAN

GROUP = ["model", "task", "recipe"]
"""The columns that name a line of a summary."""


@dataclass(frozen=True, slots=True)
class RecipeSummary:
    """The figures of one model, task and recipe; `summary["flip_rate"]` is one of them.

    Attributes:
        rows: attacked pictures counted.
        samples: photographs they were made from.
        coverage: mean share of the canvas that the recipe changed, over rows.
        size: mean text height, share of the canvas, over rows with text; NaN without.
        blank_coverage: mean coverage of its blank control; NaN without one. Without a
            surface the reading effect is taken against the mirrored control.
        grouped: by what photographs belong together, `label × word` for instance; empty where each
            stands by itself.
        groups: how many of them there are, of the factor with the fewest.
        figures: by the names of `typoattack.metrics.figures.FIGURES`, in their order.
    """

    model: str
    task: str
    recipe: str
    family: str
    control: str
    control_of: str
    rows: int
    samples: int
    coverage: float
    size: float
    blank_coverage: float
    grouped: str
    groups: int
    figures: Mapping[str, Figure]

    @property
    def bare(self) -> bool:
        """Whether no blank surface stands beside it, as there is none under bare letters."""
        return self.family == "attack" and not self.blank_coverage > 0

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name.

        Raises:
            UserError: if there is none.
        """
        if name not in self.figures:
            raise unknown("figure", name, self.figures)
        return self.figures[name]


def summarise(
    predictions: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES, by: str = AUTO
) -> list[RecipeSummary]:
    """One summary a (model, task, recipe), the clean pictures first, a control after its attack.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`; a boolean column `readable` (see
            `typoattack.metrics.legibility`) adds the two figures about legibility.
        seed: of the bootstrap; the same values get the same interval wherever they stand.
        resamples: how many bootstrap resamples.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Raises:
        UserError: for a missing column, a row that is there twice, or a missing number.
    """
    return summarise_outcomes(outcomes(predictions), seed=seed, resamples=resamples, by=by)


def summarise_outcomes(
    counted: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES, by: str = AUTO
) -> list[RecipeSummary]:
    """`summarise` for a table that `outcomes` made already."""
    groups = counted.groupby(GROUP, sort=False)
    made = [_summary(key, rows, seed, resamples, by) for key, rows in groups]  # type: ignore[arg-type]
    return sorted(made, key=_place)


def _place(one: RecipeSummary) -> tuple[Any, ...]:
    """Sorts summaries: a model's clean line, then each attack followed by its controls."""
    attack = one.control_of or one.recipe
    kind = (CLEAN, "attack", "control").index(one.family)
    return one.model, one.task, kind > 0, kind > 1 and not one.control_of, attack, kind, one.recipe


def _summary(
    key: tuple[str, str, str], rows: pd.DataFrame, seed: int, resamples: int, by: str
) -> RecipeSummary:
    rows = rows.sort_values(["sample", "replicate"])
    first = rows.iloc[0]
    groups = clusters(rows, by)
    measured = {
        name: estimate(rows, name, seed=seed, resamples=resamples, groups=groups)
        for name in FIGURES
    }
    return RecipeSummary(
        *key,
        family=str(first["family"]),
        control=str(first["control"]),
        control_of=str(first["control_of"]),
        rows=len(rows),
        samples=int(rows["sample"].nunique()),
        coverage=_mean(rows["coverage"]),
        size=_mean(rows["size"][rows["size"] > 0]),
        blank_coverage=_mean(rows["blank_coverage"]),
        grouped="" if groups.trivial else " × ".join(groups.factors),
        groups=groups.count,
        figures=measured,
    )


def _mean(column: "pd.Series[float]") -> float:
    """The mean of what is there, the same whatever the order of rows; NaN if nothing is."""
    present = column.dropna()
    return math.fsum(present) / len(present) if len(present) else math.nan


def estimate(
    counted: pd.DataFrame,
    name: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    groups: Clusters | None = None,
) -> Figure:
    """The figure `name` over the rows of `counted`, a table that `outcomes` made.

    Where photographs belong together, an interval that knows of it (see
    `typoattack.metrics.clusters`); else Wilson's where each sample counts once and the figure is a
    share, and a bootstrap over samples where not (see `typoattack.metrics.intervals`).

    Args:
        counted: rows of one model, task and recipe, or of any part of them.
        name: a column that `FIGURES` names.
        seed: of the bootstrap.
        resamples: how many bootstrap resamples.
        groups: of those rows; as the design of the data has them if None.

    Raises:
        UserError: for an unknown figure.
    """
    defined = FIGURES[name]
    groups = clusters(counted) if groups is None else groups
    if defined.of_sample:
        groups = groups.first  # it knows nothing of the word
    if not groups.trivial:
        present = counted[name].notna().to_numpy()
        values = counted[name].to_numpy(np.float64)[present]
        return clustered(values, groups.only(present), defined.bounds)
    values, rows = per_sample(counted, name)
    once = rows == len(values) or (defined.of_sample and bool(np.isin(values, (0, 1)).all()))
    if defined.bounds == SHARE and once:
        return wilson(values)
    return bootstrap(values, stream("bootstrap", seed), bounds=defined.bounds, resamples=resamples)


def per_sample(counted: pd.DataFrame, name: str) -> tuple[Values, int]:
    """The mean of column `name` for each sample that counts, in the order of sample ids.

    Returns:
        The means (n,), and how many rows stand behind them.
    """
    present = counted[["sample", name]].dropna()
    by_sample = present.groupby("sample", sort=True)[name]
    return by_sample.mean().to_numpy(np.float64), len(present)


_PLAIN = (
    *GROUP,
    *("family", "control", "control_of"),
    *("rows", "samples", "coverage", "size", "blank_coverage"),
)
"""The columns of a frame before its figures: attributes of `RecipeSummary`."""

_LAST = ("grouped", "groups")
"""And behind them."""


def to_frame(summaries: Sequence[RecipeSummary]) -> pd.DataFrame:
    """One line a summary; a figure `f` becomes `f`, `f_low`, `f_high` and `f_n`.

    Shares stay shares (0 to 1), unrounded.
    """
    lines = []
    for one in summaries:
        line: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
        for name, figure in one.figures.items():
            line[name] = figure.value
            line |= {f"{name}_{part}": getattr(figure, part) for part in ("low", "high", "n")}
        line |= {name: getattr(one, name) for name in _LAST}
        lines.append(line)
    frame: pd.DataFrame = (
        pd.DataFrame(lines) if lines else pd.DataFrame(columns=[*_PLAIN, *FIGURES, *_LAST])
    )
    return frame
