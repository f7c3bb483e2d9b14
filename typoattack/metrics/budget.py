"""How far an attacker gets who may ask the model so and so often: success against queries."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.intervals import Figure
from typoattack.metrics.summaries import estimate
from typoattack.results.schema import facts_of

FLIP_QUERY = "flip_query"
"""The fact by which a search says at which query the answer first flipped, from 1; 0 if never."""

QUERIES = "queries"
"""The fact that says how many pictures a search asked about."""

_WITHIN = "flip_rate"
"""The figure whose rows and interval the share flipped within a budget takes."""


def by_budget(counted: pd.DataFrame, *, seed: int = 0, by: str = AUTO) -> pd.DataFrame:
    """The share of photographs that a search had flipped within each number of queries.

    Of the photographs that the model has right when clean, as for the flip rate. A search that
    keeps the drawing with the least probability of the right class may keep one that does not flip
    though another did; the curve counts the query, the flip rate the drawing that was kept.

    Args:
        counted: what `typoattack.metrics.outcomes.outcomes` gives, of one task.
        seed: of the bootstrap.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Returns:
        One row a model, recipe and budget: `model`, `recipe`, `queries`, `flipped`, `flipped_low`,
        `flipped_high`, `flipped_n`; budgets are powers of two and the most that was asked. Empty
        if no search says at which query an answer flipped.
    """
    mentioned = counted["facts"].astype(str).str.contains(f'"{FLIP_QUERY}"', regex=False)
    told = counted[(counted["family"] == "attack") & mentioned]
    lines = []
    for (model, recipe), every in told.groupby(["model", "recipe"], sort=True):
        rows = every[every[_WITHIN].notna()]
        for queries, figure in _curve(rows, seed, by):
            lines.append(
                {
                    "model": model,
                    "recipe": recipe,
                    "queries": queries,
                    "flipped": figure.value,
                    "flipped_low": figure.low,
                    "flipped_high": figure.high,
                    "flipped_n": figure.n,
                }
            )
    curve: pd.DataFrame = pd.DataFrame(lines)
    return curve


def _curve(rows: pd.DataFrame, seed: int, by: str) -> Iterator[tuple[int, Figure]]:
    """Each budget with what was flipped within it."""
    if rows.empty:
        return
    told = facts_of(rows["facts"])
    first = np.array([_count(one.get(FLIP_QUERY)) for one in told])
    most = max(_count(one.get(QUERIES)) for one in told)
    groups = clusters(rows, by)
    for queries in budgets(most):
        within = _within(first, queries)
        yield queries, estimate(rows.assign(flip_rate=within), _WITHIN, seed=seed, groups=groups)


def _within(first: npt.NDArray[np.int64], queries: int) -> npt.NDArray[np.float64]:
    return ((first > 0) & (first <= queries)).astype(np.float64)


def budgets(most: int) -> list[int]:
    """Powers of two below `most`, and `most` itself."""
    return [*(2**n for n in range(max(most - 1, 0).bit_length())), most] if most > 0 else []


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return max(value, 0)
