"""Confidence intervals for figures that are means over samples."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from typoattack.core.randomness import Rng

Values = npt.NDArray[np.float64]

LEVEL = 0.95
"""The confidence of every interval that is reported."""

RESAMPLES = 2000
"""How many bootstrap resamples stand behind an interval unless the caller says otherwise."""

SHARE = (0.0, 1.0)
"""The bounds of a share."""

DIFFERENCE = (-1.0, 1.0)
"""The bounds of a difference between two shares."""

_CHUNK = 4_000_000
"""Numbers in memory at a time, about 32 MB: resamples are drawn in parts of that."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over samples and its 95 % interval.

    Attributes:
        value: the mean; NaN if nothing was counted.
        low: lower end of the interval; NaN if there is none.
        high: upper end.
        n: how many samples were counted.
        method: `wilson`, `bootstrap`, `clustered`, or `none`.
        clusters: groups of samples behind a clustered interval; 0 where each counts by itself.
    """

    value: float
    low: float
    high: float
    n: int
    method: str = "none"
    clusters: int = 0

    def __bool__(self) -> bool:
        return self.n > 0


NOTHING = Figure(math.nan, math.nan, math.nan, 0)
"""The figure of no samples at all."""


def wilson(values: Values) -> Figure:
    """The share of ones in `values` (n,), each 0 or 1, with Wilson's interval.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001, section 3.1.1.
    """
    n = len(values)
    if n == 0:
        return NOTHING
    low, high = proportion_confint(round(values.sum()), n, alpha=1 - LEVEL, method="wilson")
    return Figure(float(values.mean()), float(low), float(high), n, "wilson")


def bootstrap(
    values: Values,
    rng: Rng,
    *,
    bounds: tuple[float, float] | None = None,
    resamples: int = RESAMPLES,
) -> Figure:
    """The mean of `values` (n,), one a sample, with an interval from resampling the samples.

    A percentile bootstrap with two corrections for few samples:

    - the percentiles are moved outwards so that the interval is as wide as Student's t would
      make it (Hesterberg 2015, section 5.3, the expanded percentile interval);
    - where the quantity has `bounds`, one made-up sample at each bound joins the resampling (not
      the mean). Without them the interval has no width at all when every sample agrees, although
      20 samples without a flip do not show that the 21st cannot flip. It is the bootstrap's form
      of the pseudo-counts of Agresti and Coull 1998 (shares) and of Bonett and Price 2012
      (paired differences). Rare outcomes on few samples get intervals that are too wide rather
      than too narrow.

    A single sample says nothing about its spread: the interval is then the bounds.
    """
    n = len(values)
    if n == 0:
        return NOTHING
    if n == 1:
        low, high = bounds or (math.nan, math.nan)
        return Figure(float(values[0]), low, high, 1, "bootstrap")
    pool = values if bounds is None else np.concatenate([values, bounds])
    means = _resampled_means(pool, rng, resamples)
    tail = stats.norm.cdf(math.sqrt(n / (n - 1)) * stats.t.ppf((1 - LEVEL) / 2, n - 1))
    low, high = np.quantile(means, [tail, 1 - tail])
    return Figure(float(values.mean()), float(low), float(high), n, "bootstrap")


def _resampled_means(pool: Values, rng: Rng, resamples: int) -> Values:
    """Means of `resamples` draws with replacement from `pool`, as many a draw as it holds."""
    n = len(pool)
    distinct, counts = np.unique(pool, return_counts=True)
    if 10 * len(distinct) <= n:  # drawing how often each value comes is then the cheaper way
        drawn = rng.multinomial(n, counts / n, size=resamples)
        return np.asarray(drawn @ distinct / n)
    ordered = np.sort(pool)
    rows = max(1, _CHUNK // n)
    parts = [
        ordered[rng.integers(0, n, size=(min(rows, resamples - start), n))].mean(axis=1)
        for start in range(0, resamples, rows)
    ]
    return np.concatenate(parts)
