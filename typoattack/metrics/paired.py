"""One statistic for a paired difference: its direction, its interval and its p-value.

The statistic is the mean gap a photograph. Whoever lies lower in the mean is the one that a
sentence calls lower, the interval is that of the mean, and the test asks how often so large a mean
comes about when the gaps of each group of photographs that belong together (each by itself, unless
objects repeat) may as well have had the other sign.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from typoattack.core.randomness import Rng, stream
from typoattack.metrics.clusters import AUTO, Clusters, clustered, clusters, independent, p_value
from typoattack.metrics.clusters import discordance as of_groups
from typoattack.metrics.intervals import DIFFERENCE, RESAMPLES, Figure, Values, bootstrap

ALPHA = 0.05
"""The family-wise error at which a difference is called established."""

POWER = 0.8
"""The chance of establishing a difference at which it counts as one that could be seen."""

LEAST_COMMON = 6
"""Clusters that a comparison needs: with fewer, no test of signs can reach `ALPHA`."""

DRAWS = 9_999
"""Random signs drawn where the distribution under the null cannot be had exactly."""

_DENOMINATORS = 5_040
"""The largest denominator of a gap that is taken for a ratio: any with up to 10 replicates."""

_EXACT = 200_000_000
"""Additions that an exact distribution may cost, about a second."""

_CHUNK = 4_000_000
"""Numbers in memory at a time, about 32 MB: random signs are drawn in parts of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two sides of a figure on the same photographs.

    Attributes:
        task: the question that was asked.
        a: name of the first side.
        b: name of the second.
        rate_a: the figure of `a` on the shared photographs.
        rate_b: the figure of `b` on the same photographs.
        difference: `b` minus `a`, the mean gap, with its interval.
        more_a: photographs on which the figure is higher for `a`.
        more_b: photographs on which it is higher for `b`.
        p: of `tested` on the gaps; NaN for what is not tested, such as controls.
        detectable: the smallest difference that so many photographs could have shown; see there.
        grouped: by what photographs belong together; empty where each stands by itself.
        p_holm: adjusted over the family of tests.
    """

    task: str
    a: str
    b: str
    rate_a: float
    rate_b: float
    difference: Figure
    more_a: int
    more_b: int
    p: float
    detectable: float
    grouped: str = ""
    p_holm: float = math.nan

    @property
    def tested(self) -> bool:
        """Whether there is a p-value."""
        return not math.isnan(self.p)

    @property
    def established(self) -> bool:
        """Whether the difference stands after adjusting for the number of tests."""
        return self.p_holm < ALPHA


def contrast(
    rows: pd.DataFrame,
    *,
    tested: bool = True,
    seed: int = 0,
    resamples: int = RESAMPLES,
    by: str = AUTO,
) -> dict[str, Any]:
    """What a `Contrast` says in numbers of joined rows.

    Args:
        rows: with `value_a` and `value_b`, `sample`, `label` and `word`; or `word_a` and `word_b`,
            of which the one counts that leaves more in doubt.
        tested: whether there is to be a p-value.
        seed: of the bootstrap and of random signs.
        resamples: how many bootstrap resamples.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    means = rows.groupby("sample", sort=True)[["value_a", "value_b"]].mean()
    gaps = (means["value_b"] - means["value_a"]).to_numpy(np.float64)
    by_row = (rows["value_b"] - rows["value_a"]).to_numpy(np.float64)
    possible = groupings(rows, by)
    intervals = [_interval(gaps, by_row, groups, seed, resamples) for groups in possible]
    widest = int(np.argmax([one.high - one.low for one in intervals]))
    groups = possible[widest]
    return {
        "rate_a": float(means["value_a"].mean()),
        "rate_b": float(means["value_b"].mean()),
        "difference": intervals[widest],
        "more_a": int((gaps < 0).sum()),
        "more_b": int((gaps > 0).sum()),
        "p": max(p_of_mean(by_row, one, seed) for one in possible) if tested else math.nan,
        "detectable": could_be_shown(by_row, groups),
        "grouped": "" if groups.trivial else " × ".join(groups.factors),
    }


def groupings(rows: pd.DataFrame, by: str = AUTO) -> list[Clusters]:
    """How joined rows belong together: by their word, or by either side's where those differ.

    Args:
        rows: with `sample`, `label` and `word`, or `word_a` and `word_b`.
        by: see `typoattack.metrics.clusters.clusters`.
    """
    sides = [side for side in ("word_a", "word_b") if side in rows]
    if not sides:
        return [clusters(rows, by)]
    return [clusters(rows.assign(word=rows[side]), by) for side in sides]


def _interval(gaps: Values, by_row: Values, groups: Clusters, seed: int, resamples: int) -> Figure:
    if groups.trivial:
        return bootstrap(gaps, stream("bootstrap", seed), bounds=DIFFERENCE, resamples=resamples)
    return clustered(by_row, groups, DIFFERENCE)


def p_of_mean(gaps: Values, groups: Clusters, seed: int = 0) -> float:
    """Two-sided p-value of the mean of `gaps` (n_rows,), by photographs that belong together.

    `sign_flip` of what each group adds to the mean; where objects and words cross, so that no
    group is independent of the others, Student's t (`typoattack.metrics.clusters.p_value`).

    Args:
        gaps: one a row.
        groups: of the rows.
        seed: of random signs where they are drawn.
    """
    if len(groups.codes) > 1:
        return p_value(gaps, groups)
    return sign_flip(groups.sums(gaps), stream("sign flip", seed))


def could_be_shown(gaps: Values, groups: Clusters) -> float:
    """`detectable` for the design and the discordance of `gaps` (n_rows,)."""
    if groups.trivial:
        by_photograph = groups.sums(gaps)
        return detectable(len(by_photograph), discordance(by_photograph))
    if groups.count < LEAST_COMMON:
        return math.nan
    return detectable(independent(gaps, groups), of_groups(gaps, groups))


def sign_flip(gaps: Values, rng: Rng, *, draws: int = DRAWS) -> float:
    """Two-sided p-value of the mean of `gaps` (n,) when each had either sign alike.

    Gaps of shares are ratios of small numbers. The sum of random signs is then a sum of scaled
    binomials, one a magnitude, and its distribution their convolution: exact for thousands of
    clusters. With gaps of −1, 0 and 1 alone it is exact McNemar. Other gaps, and those whose
    convolution would cost too much, get `draws` random signs, the observed ones among them.

    Source: Fisher 1935, section 21; Phipson and Smyth 2010 for the random signs.

    Args:
        gaps: one a cluster.
        rng: of random signs; untouched where the p-value is exact.
        draws: how many random signs.
    """
    apart = gaps[np.abs(gaps) > 1e-12]
    whole = _integers(apart)
    if whole is not None and _cost(whole) <= _EXACT:
        return _exact(whole)
    return float(random_signs(apart[:, None], rng, draws)[0])


def random_signs(sums: Values, rng: Rng, draws: int = DRAWS) -> Values:
    """p-values (k,) of the sums of columns (n, k) when each row had either sign alike.

    All columns get the same `draws` random signs, the observed ones among them.
    """
    observed = np.abs(sums.sum(axis=0)) * (1 - 1e-9)
    as_large, rows = np.zeros(sums.shape[1]), max(1, _CHUNK // max(1, len(sums)))
    for start in range(0, draws, rows):
        signs = rng.integers(0, 2, size=(min(rows, draws - start), len(sums))) * 2 - 1
        as_large += (np.abs(signs @ sums) >= observed).sum(axis=0)
    return np.asarray((1 + as_large) / (1 + draws), np.float64)


def _integers(gaps: Values) -> npt.NDArray[np.int64] | None:
    """`gaps` as whole multiples of the largest unit that fits all; None if none does."""
    distinct, where = np.unique(gaps, return_inverse=True)
    ratios = [Fraction(gap).limit_denominator(_DENOMINATORS) for gap in distinct.tolist()]
    if np.any(np.abs(distinct - np.array(ratios, np.float64)) > 1e-9):
        return None
    unit = math.lcm(*(ratio.denominator for ratio in ratios))
    if unit > _EXACT:
        return None
    whole = np.array([int(ratio * unit) for ratio in ratios], np.int64)
    return (whole // max(1, int(np.gcd.reduce(whole))))[where]


def _cost(whole: npt.NDArray[np.int64]) -> int:
    """About how many additions `_exact` needs; gaps of one magnitude need no convolution."""
    sizes = np.abs(whole)
    return len(whole) * int(sizes.sum()) if len(np.unique(sizes)) > 1 else len(whole)


def _exact(whole: npt.NDArray[np.int64]) -> float:
    """`sign_flip` of whole numbers other than 0."""
    magnitudes, counts = np.unique(np.abs(whole), return_counts=True)
    positive, total = int(whole[whole > 0].sum()), int(np.abs(whole).sum())
    fewer = min(positive, total - positive)
    if 2 * fewer == total:
        return 1.0
    chances = np.ones(1)  # of the sum of what is positive, from 0
    for magnitude, count in zip(magnitudes.tolist(), counts.tolist(), strict=True):
        wider = np.zeros(len(chances) + magnitude * count)
        for k, chance in enumerate(_coins(count)):
            wider[magnitude * k : magnitude * k + len(chances)] += chance * chances
        chances = wider
    return min(1.0, 2 * float(chances[: fewer + 1].sum()))


def _coins(count: int) -> list[float]:
    """The chances of 0 to `count` heads among `count` coins, each correctly rounded."""
    ways, every = 1, 2**count
    chances = []
    for k in range(count + 1):
        chances.append(ways / every)
        ways = ways * (count - k) // (k + 1)
    return chances


def discordance(gaps: Values) -> float:
    """The mean square of `gaps` (n,), with one made-up gap at each bound.

    For gaps of −1, 0 and 1 the square is 1 where the two sides differ, so this is the share of
    clusters on which they do. The made-up ones are those of the interval: see `bootstrap`.
    """
    return float((np.square(gaps).sum() + 2) / (len(gaps) + 2))


def detectable(n: float, discordant: float) -> float:
    """The smallest true difference that `n` clusters show with 80 % power at 5 %, unadjusted.

    The normal approximation to McNemar's test (Connor 1987), with half a step of the exact test
    on either side as its continuity correction. Where the difference would exceed `discordant`,
    the share of clusters on which the two sides differ, they are taken to differ on just as many,
    all in one direction; simulated power is then above 80 %, for few clusters well above.

    Args:
        n: how many clusters count for both sides.
        discordant: the assumed share of those on which they differ; see `discordance`.

    Returns:
        A share (0 to 1); NaN if not even a difference of 1 would be shown.
    """
    if n < LEAST_COMMON:
        return math.nan
    at_null, at_power = (float(stats.norm.ppf(x)) for x in (1 - ALPHA / 2, POWER))
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        differing = max(discordant, middle)
        needed = at_null * math.sqrt(differing) + at_power * math.sqrt(differing - middle**2)
        shown = math.sqrt(n) * (middle - 1 / n) >= needed
        low, high = (low, middle) if shown else (middle, high)
    return high


C = TypeVar("C", bound=Contrast)


def with_holm(family: Sequence[C]) -> list[C]:
    """`family` with Holm's adjustment over those of its contrasts that are tested."""
    adjusted = iter(holm([one.p for one in family if one.tested]))
    return [replace(one, p_holm=next(adjusted)) if one.tested else one for one in family]


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjustment of the p-values of one family (Holm 1979)."""
    order = np.argsort(p)
    times = np.arange(len(p), 0, -1)  # multipletests of statsmodels collects garbage at each call
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p)[order] * times), 1.0)
    return [float(x) for x in adjusted]
