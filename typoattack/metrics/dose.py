"""Success against a number that each picture has: dose and response, in bins by quantiles."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.summaries import estimate
from typoattack.results.schema import facts_of

Values = npt.NDArray[np.float64]

MOST_BINS = 5
PICTURES_A_BIN = 10
"""Pictures that a bin has at least; with fewer than two bins there is nothing to compare."""

GIVEN = "as-given"
"""The recipe whose facts are the data set's own, such as the area of SCAM's notes."""


def by_facts(counted: pd.DataFrame, *, seed: int = 0, by: str = AUTO) -> pd.DataFrame:
    """The figures of given pictures by each number that their data set says of them.

    Args:
        counted: what `typoattack.metrics.outcomes.outcomes` gives, of one task.
        seed: of the bootstrap.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Returns:
        One row a model, recipe, fact and bin, columns as of `in_bins` behind these three; empty if
        no data set says a number of its pictures.
    """
    attacks = counted[(counted["family"] == "attack") & counted["recipe"].str.startswith(GIVEN)]
    tables = []
    for (model, recipe), rows in attacks.groupby(["model", "recipe"], sort=True):
        for fact, values in _numbers(rows):
            binned = in_bins(rows, values, figures_of(rows), seed=seed, by=by)
            binned.insert(0, "fact", fact)
            binned.insert(0, "recipe", recipe)
            binned.insert(0, "model", model)
            tables.append(binned)
    found: pd.DataFrame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return found


def figures_of(rows: pd.DataFrame) -> tuple[str, ...]:
    """The figures worth a curve: flips where there are clean pictures, else answers."""
    flips = (rows["clean_predicted"] >= 0).any()
    return ("flip_rate", "targeted_success") if flips else ("says_word", "accuracy_attacked")


def _numbers(rows: pd.DataFrame) -> Iterator[tuple[str, Values]]:
    """Each fact that is a number and differs, with its value a row, NaN where it has none."""
    told = facts_of(rows["facts"])
    for fact in sorted({name for one in told for name in one}):
        values = np.array([_number(one.get(fact)) for one in told])
        if len(np.unique(values[np.isfinite(values)])) > 2:
            yield fact, values


def _number(value: object) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number else float("nan")  # type: ignore[arg-type]


def in_bins(
    rows: pd.DataFrame,
    values: Values,
    figures: tuple[str, ...],
    *,
    seed: int = 0,
    by: str = AUTO,
) -> pd.DataFrame:
    """Figures with intervals in bins by quantiles of a number, equal numbers in one bin.

    Args:
        rows: attack rows of one model and recipe, which `outcomes` made.
        values: (n,) the number of each row; a row without one (NaN) counts nowhere.
        figures: columns that `FIGURES` names.
        seed: of the bootstrap.
        by: what photographs belong together by.

    Returns:
        Columns `low`, `high` (the ends of the bin, both of pictures in it), `middle` (its median),
        `pictures`, then each figure with `_low`, `_high` and `_n`; empty if there are too few.
    """
    known = np.isfinite(values) & rows[figures[0]].notna().to_numpy()
    rows, values = rows[known], values[known]
    lines = []
    for inside in _bins(values):
        part, mine = rows[inside], values[inside]
        line = {"low": mine.min(), "high": mine.max(), "middle": np.median(mine)}
        line["pictures"] = int(inside.sum())
        for name in figures:
            found = estimate(part, name, seed=seed, groups=clusters(part, by))
            line |= {name: found.value, f"{name}_low": found.low}
            line |= {f"{name}_high": found.high, f"{name}_n": found.n}
        lines.append(line)
    binned: pd.DataFrame = pd.DataFrame(lines)
    return binned


def _bins(values: Values) -> Iterator[npt.NDArray[np.bool_]]:
    """Which values each bin holds, the least ones first; equal values are in one bin."""
    count = min(MOST_BINS, len(values) // PICTURES_A_BIN)
    if count < 2:
        return
    least = np.sort(values)[np.arange(1, count) * len(values) // count]
    places = np.searchsorted(least, values, side="right")
    several = np.unique(places)
    if len(several) > 1:
        for place in several:
            yield places == place
