"""How well units tell two groups of pictures apart, and how sure that is.

All units and classes at once: a unit's AUROC is the Mann–Whitney statistic of its ranks over its
largest value, so that it is the chance that a picture of the class excites the unit more than
another picture does; ties count one half.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from typoattack.core.randomness import Rng

Floats = NDArray[np.float64]
Groups = NDArray[np.bool_]

_ROUND = 250
"""Permutations worked out at a time: bounds memory, not the result."""


def ranks(values: NDArray[np.float32]) -> Floats:
    """(n, units): each picture's rank within its unit, from 1, ties sharing their mean."""
    return np.asarray(stats.rankdata(values, axis=0), dtype=np.float64)


def auroc(ranked: Floats, groups: Groups) -> Floats:
    """(groups, units): how well each unit tells each group from all other pictures.

    Args:
        ranked: (n, units) from `ranks`.
        groups: (groups, n), which pictures are of the group; neither none nor all.
    """
    return _from_rank_sums(groups.astype(np.float64) @ ranked, groups)


def _from_rank_sums(sums: Floats, groups: Groups) -> Floats:
    size = groups.sum(axis=1, dtype=np.float64)[:, None]
    found: Floats = (sums - size * (size + 1) / 2) / (size * (groups.shape[1] - size))
    return found


@dataclass(frozen=True, slots=True)
class Tested:
    """A unit's best group and the p-value of its standing out so.

    Attributes:
        p: (groups, units), the share of permutations in which some group did as well as this one,
            (b + 1) / (m + 1): corrected for the number of groups by the largest of them (Westfall
            and Young 1993), and never 0. How well is counted in deviations of chance, or else a
            group of two pictures, which is often told apart perfectly by chance, would hide what
            larger groups show.
        permutations: (units,) how many stand behind it.
    """

    p: Floats
    permutations: NDArray[np.int64]


Draw = Callable[[int, Rng], Floats]
"""`m` permutations: weights (m, groups, n) that make rank sums of ranks."""


def shuffled_labels(groups: Groups, blocks: NDArray[np.int64]) -> Draw:
    """Permutations of which picture bears which label, within blocks alone."""

    def draw(count: int, rng: Rng) -> Floats:
        made = np.empty((count, *groups.shape), dtype=np.float64)
        for block in np.unique(blocks):
            rows = np.flatnonzero(blocks == block)
            orders = rng.permuted(np.tile(rows, (count, 1)), axis=1)
            made[:, :, rows] = groups[:, orders].transpose(1, 0, 2)
        return made

    return draw


def swapped_pairs(pairs: int) -> Draw:
    """Permutations that swap a picture with its blank: rows are `pairs` pictures, then blanks."""

    def draw(count: int, rng: Rng) -> Floats:
        kept = rng.integers(0, 2, size=(count, pairs))
        return np.concatenate([kept, 1 - kept], axis=1)[:, None, :].astype(np.float64)

    return draw


def permutation_p(
    ranked: Floats,
    groups: Groups,
    draw: Draw,
    rng: Rng,
    *,
    permutations: int = 9999,
    first: int = 999,
) -> Tested:
    """For every group and unit the p-value of its AUROC, corrected for the number of groups.

    After `first` permutations only units go on of which some p-value is still at most 0.05:
    the others' stands, and can be rejected at no usual level.

    Args:
        ranked: (n, units).
        groups: (groups, n).
        draw: what is exchangeable if the unit does not care.
        rng: the only source of chance.
        permutations: how many at most; no p-value is below 1 / (permutations + 1).
        first: how many for every unit.
    """
    deviation = _chance_deviation(groups)
    observed = (auroc(ranked, groups) - 0.5) / deviation
    units = ranked.shape[1]
    hits = np.zeros(observed.shape, dtype=np.int64)
    done = np.zeros(units, dtype=np.int64)
    alive = np.arange(units)
    total = 0
    while total < permutations and len(alive):
        stop = first if total < first else permutations
        count = min(_ROUND, stop - total, permutations - total)
        weights = draw(count, rng)
        sums = weights.reshape(-1, weights.shape[2]) @ ranked[:, alive]
        found = _from_rank_sums_many(sums, groups, count)
        chance = ((found - 0.5) / deviation).max(axis=1)
        hits[:, alive] += (chance[:, None] >= observed[None, :, alive] - 1e-12).sum(axis=0)
        done[alive] += count
        total += count
        if total == first:
            least = (hits[:, alive].min(axis=0) + 1) / (total + 1)
            alive = alive[least <= 0.05]
    return Tested((hits + 1) / (done + 1), done)


def _chance_deviation(groups: Groups) -> Floats:
    """(groups, 1): the standard deviation of an AUROC under chance, without ties."""
    size, n = groups.sum(axis=1, dtype=np.float64)[:, None], groups.shape[1]
    return np.asarray(np.sqrt((n + 1) / (12 * size * (n - size))))


def _from_rank_sums_many(sums: Floats, groups: Groups, count: int) -> Floats:
    """(count, groups, units) of AUROCs under chance."""
    by_draw = sums.reshape(count, groups.shape[0], -1)
    size = groups.sum(axis=1, dtype=np.float64)[None, :, None]
    found: Floats = (by_draw - size * (size + 1) / 2) / (size * (groups.shape[1] - size))
    return found


def false_discovery(p: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values (1995), over units."""
    return np.asarray(stats.false_discovery_control(p, method="bh"), dtype=np.float64)
