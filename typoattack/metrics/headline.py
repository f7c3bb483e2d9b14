"""What may be said first of a run: the strongest of its attacks, and whether words are read.

Both are a maximum over attacks, and the largest of many figures is large by chance too. Whether a
headline stands is therefore decided by tests that are adjusted for the number of attacks: Holm
over sign-flip tests, as everywhere else, rather than a bootstrap of the maximum, since their
p-values are exact and so do not run out of resamples when attacks are many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.paired import ALPHA, could_be_shown, holm, p_of_mean

_SAME = 1e-12
"""Rates nearer than that differ by rounding alone."""


@dataclass(frozen=True, slots=True)
class Strongest:
    """The attack with the highest flip rate.

    Attributes:
        recipes: its recipe; several where they tie.
        attacks: among how many it is the strongest.
        alike: the other recipes whose flip rate is not told apart from its own.
        detectable: the difference that could have been shown for all of those, as
            `typoattack.metrics.paired.detectable` has it; NaN if there are none.
    """

    recipes: tuple[str, ...]
    attacks: int
    alike: tuple[str, ...] = ()
    detectable: float = math.nan


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether a figure differs from 0 under one of several attacks.

    Attributes:
        p: of the sign-flip test, Holm-adjusted over the attacks.
        detectable: the effect that could have been shown; see `typoattack.metrics.paired`.
    """

    p: float
    detectable: float


def strongest(counted: pd.DataFrame, *, seed: int = 0, by: str = AUTO) -> Strongest | None:
    """The strongest attack, and which others it is not told apart from.

    The winner is chosen after the fact, so each test against another counts for all pairs of
    attacks that could have been tested (Bonferroni).

    Args:
        counted: rows of one model and task, from `typoattack.metrics.outcomes.outcomes`.
        seed: of random signs where they are drawn.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    rates = _by_sample(counted, "flip_rate")
    means = rates.mean().dropna()
    if means.empty:
        return None
    first = means >= means.max() - _SAME
    winner = str(means.index[first][0])
    pairs = len(means) * (len(means) - 1) / 2
    alike = {}
    for other in means.index[~first]:
        gaps = (rates[winner] - rates[other]).dropna()
        possible = [
            clusters(_one_each(counted, recipe, gaps.index), by) for recipe in (winner, str(other))
        ]
        p = max(p_of_mean(gaps.to_numpy(np.float64), groups, seed) for groups in possible)
        if pairs * p >= ALPHA:
            shown = [could_be_shown(gaps.to_numpy(np.float64), groups) for groups in possible]
            alike[str(other)] = max(shown)
    return Strongest(
        tuple(map(str, means.index[first])),
        len(means),
        tuple(alike),
        max(alike.values(), default=math.nan),
    )


def effects(
    counted: pd.DataFrame, figure: str, recipes: Sequence[str], *, seed: int = 0, by: str = AUTO
) -> dict[str, Effect]:
    """Whether a figure differs from 0 under each of `recipes`, Holm-adjusted over them.

    Args:
        counted: rows of one model and task, from `typoattack.metrics.outcomes.outcomes`.
        figure: a difference, such as `reading_effect`.
        recipes: the family of tests; each must be in `counted`.
        seed: of random signs where they are drawn.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    found = {
        recipe: _effect(counted[counted["recipe"] == recipe], figure, seed, by)
        for recipe in recipes
    }
    adjusted = holm([one.p for one in found.values()])
    return {
        recipe: Effect(p, one.detectable)
        for (recipe, one), p in zip(found.items(), adjusted, strict=True)
    }


def _effect(rows: pd.DataFrame, figure: str, seed: int, by: str) -> Effect:
    there = rows[figure].notna().to_numpy()
    values, groups = rows[figure].to_numpy(np.float64)[there], clusters(rows, by).only(there)
    return Effect(p_of_mean(values, groups, seed), could_be_shown(values, groups))


def _one_each(counted: pd.DataFrame, recipe: str, samples: "pd.Index[str]") -> pd.DataFrame:
    """A row of the recipe for each of the samples, in their order."""
    own = counted[counted["recipe"] == recipe].drop_duplicates("sample").set_index("sample")
    rows: pd.DataFrame = own.loc[samples].rename_axis("sample").reset_index()
    return rows


def _by_sample(counted: pd.DataFrame, figure: str) -> pd.DataFrame:
    """(samples, attacks): the figure's mean on each sample; NaN where none counts."""
    attacks = counted[counted["family"] == "attack"]
    table: pd.DataFrame = attacks.pivot_table(
        figure, index="sample", columns="recipe", aggfunc="mean", sort=True
    )
    return table
