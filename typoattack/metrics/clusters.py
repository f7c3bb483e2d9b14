"""Which photographs belong together, and what is known of a mean when they do.

Ten photographs of one object, or ten pictures with one word, say less than ten of different ones.
Rows are therefore grouped by object (the label), by word, or by both, and an interval is taken from
what the groups say, with Student's t for as many degrees of freedom as the fewer of them leave.

Sources: Cameron, Gelbach and Miller 2011 (variance of two-way clusters); Korn and Graubard 1998 and
Dean and Pagano 2015 (Wilson's interval with the effective number of observations); Miller 2024
(arXiv 2411.00640) for why evaluations of models need it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from typoattack.core.errors import UserError
from typoattack.metrics.intervals import DIFFERENCE, LEVEL, NOTHING, Figure, Values
from typoattack.results.schema import SCHEMA, facts_of

Codes = npt.NDArray[np.int64]
"""Which group each row is in (n,), from 0."""

AUTO = "auto"
"""Group by object, by word, or by both, as the design of the data has it."""

ALONE = "none"
"""Take every photograph for one of its own."""

REPEATED = 1.25
"""How many photographs the average one's group must hold for the group to matter: at a correlation
of 0.3 within groups, fewer widen an interval by less than 4 %."""

LEAST_WORDS = 6
"""Fewer words than these are what a suite asks about, not a sample of words."""

_MADE_UP = 0.5
"""Rarer outcomes that are added, as if they had come in whole groups: with few outcomes, how they
keep together cannot be told from them alone."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Rows in groups, by one factor or by two that cross.

    Attributes:
        factors: what they are grouped by: `("sample",)`, `("label",)`, `("label", "word")`, …
        codes: one a factor.
        samples: which photograph each row is of.
    """

    factors: tuple[str, ...]
    codes: tuple[Codes, ...]
    samples: Codes

    @property
    def weights(self) -> Values:
        """Of the rows (n,); those of a photograph sum to 1."""
        return 1.0 / np.bincount(self.samples)[self.samples] if len(self.samples) else np.zeros(0)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Clusters":
        """The same groups among some of the rows, by what still tells them apart."""
        codes = [_from_zero(codes[rows]) for codes in self.codes]
        return _telling(self.factors, codes, _from_zero(self.samples[rows]))

    @property
    def trivial(self) -> bool:
        """Whether every photograph stands by itself."""
        return self.factors == ("sample",)

    @property
    def first(self) -> "Clusters":
        """By the first factor alone."""
        return Clusters(self.factors[:1], self.codes[:1], self.samples)

    def sums(self, values: Values) -> Values:
        """What each group of the first factor adds to the sum over photographs."""
        return np.asarray(np.bincount(self.codes[0], self.weights * values), np.float64)

    @property
    def count(self) -> int:
        """How many groups there are, of the factor with the fewest."""
        return min(int(codes.max(initial=-1)) + 1 for codes in self.codes)

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the variance."""
        return max(self.count - 1, 1)


def clusters(rows: pd.DataFrame, by: str = AUTO) -> Clusters:
    """Group rows of one model and recipe.

    Args:
        rows: with `sample`, `label` and `word`.
        by: `auto`; `none`; or columns of the predictions, or facts of the recipes, at most two
            and joined by `+`.

    Raises:
        UserError: if there is no such column.
    """
    samples = _codes(rows["sample"])
    alone = Clusters(("sample",), (samples,), samples)
    if by == ALONE or rows.empty:
        return alone
    if by == AUTO:
        return _automatic(rows, samples, alone.weights)
    factors = tuple(part.strip() for part in by.split("+"))
    if len(factors) > 2:
        raise UserError(f"clusters {by!r}: rows can be grouped by two columns at most")
    return _telling(factors, [_named(rows, factor, samples) for factor in factors], samples)


def _telling(factors: Sequence[str], codes: Sequence[Codes], samples: Codes) -> Clusters:
    """The clusters by those factors that have two groups or more; by the first if none has."""
    several = [n for n, own in enumerate(codes) if own.max(initial=0) > 0] or [0]
    kept = [(factors[n], codes[n]) for n in several]
    return Clusters(tuple(name for name, _ in kept), tuple(own for _, own in kept), samples)


def _from_zero(codes: Codes) -> Codes:
    return np.asarray(np.unique(codes, return_inverse=True)[1], np.int64)


def _codes(values: "pd.Series[str]") -> Codes:
    return np.asarray(pd.factorize(values)[0], np.int64)


def _named(rows: pd.DataFrame, factor: str, samples: Codes) -> Codes:
    """Rows by a column; those without a value stand with their own photograph alone."""
    if factor in rows:
        values = rows[factor]
    else:
        facts = facts_of(rows["facts"]) if "facts" in rows else []
        if not any(factor in one for one in facts):
            known = [c for c in SCHEMA.names if c in rows]
            raise UserError(
                f"clusters: {factor!r} is neither a column ({', '.join(known)}) nor a fact of the "
                f"recipes; `{AUTO}` and `{ALONE}` always work"
            )
        values = pd.Series([one.get(factor, "") for one in facts], rows.index)
    text = values.astype(str)
    own = pd.Series([f"\0{code}" for code in samples], rows.index)
    return _codes(text.where(~text.isin(["", "nan", "None"]), own))


def _automatic(rows: pd.DataFrame, samples: Codes, weights: Values) -> Clusters:
    labels, words = (
        _named(rows, name, samples) if name in rows else samples for name in ("label", "word")
    )
    together = len(np.unique(labels)) > 1 and _photographs(labels, weights) >= REPEATED
    first, name = (labels, "label") if together else (samples, "sample")
    pairs = _codes(pd.Series(samples).astype(str) + " " + pd.Series(words).astype(str))
    several = len(np.unique(words)) >= LEAST_WORDS
    if several and _photographs(words, weights) >= REPEATED * _photographs(pairs, weights):
        return Clusters((name, "word"), (first, words), samples)
    return Clusters((name,), (first,), samples)


def _photographs(codes: Codes, weights: Values) -> float:
    """How many photographs the average one's group holds, itself included."""
    sums = np.bincount(codes, weights)
    return float(np.square(sums).sum() / max(weights.sum(), 1e-300))


def clustered(
    values: Values, groups: Clusters, bounds: tuple[float, float] | None = None
) -> Figure:
    """The weighted mean of `values` (n,), with an interval that knows of the groups.

    Of a share (bounds 0 and 1): Wilson's interval for the number of observations that would give
    the same variance, with Student's t in place of the normal. Else Student's interval.

    Simulated coverage for 10 to 300 groups of ten, rates from 0.02 to 0.98 and correlations of 0.1
    and 0.3 within groups: 93 to 99 %, the upper ones for rare outcomes in ten groups (see
    tests/metrics/test_clusters.py).
    """
    n = float(groups.weights.sum())
    if n == 0:
        return NOTHING
    counted = round(n)
    each = np.bincount(groups.samples)
    mean = float((np.bincount(groups.samples, values) / each).mean())
    low, high = bounds or (math.nan, math.nan)
    if groups.count < 2:
        return Figure(mean, low, high, counted, "clustered", groups.count)
    if bounds == (0.0, 1.0):
        low, high = _wilson(mean, _effective(values, groups, n, mean), _student(groups))
    else:
        reach = _student(groups) * math.sqrt(_of_difference(values, groups, n, mean, bounds))
        low, high = mean - reach, mean + reach
        if bounds:
            low, high = max(low, bounds[0]), min(high, bounds[1])
    return Figure(mean, low, high, counted, "clustered", groups.count)


def p_value(values: Values, groups: Clusters) -> float:
    """Two-sided p-value of the weighted mean of `values` (n,) being 0, by Student's t.

    1 where all are 0, or there is one group only; where all groups agree on another mean, that of
    the least variance there can be: one made-up group that says 0.
    """
    if groups.count < 2 or not np.any(values):
        return 1.0
    n = float(groups.weights.sum())
    mean = float(groups.weights @ values / n)
    variance = _variance(values - mean, groups) / n**2
    if variance <= 0:
        variance = (mean / (groups.count + 1)) ** 2
    return float(2 * stats.t.sf(abs(mean) / math.sqrt(variance), groups.degrees))


def _student(groups: Clusters) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, groups.degrees))


def _variance(residuals: Values, groups: Clusters) -> float:
    """Of the weighted sum of residuals: one factor's, or both less what both count."""
    scores = groups.weights * residuals
    single = [_squares(codes, scores, correct=True) for codes in groups.codes]
    if len(single) == 1:
        return single[0]
    both = _squares(_crossed(groups.codes), scores, correct=False)
    return max(sum(single) - both, *single)  # the difference may fall below what either says


def _squares(codes: Codes, scores: Values, *, correct: bool) -> float:
    """Sum of squared sums by group; corrected for few groups where asked for."""
    sums = np.bincount(codes, scores)
    return float(np.square(sums).sum()) * (len(sums) / (len(sums) - 1) if correct else 1.0)


def _crossed(codes: Sequence[Codes]) -> Codes:
    first, second = codes
    return _from_zero(first * (int(second.max(initial=0)) + 1) + second)


def _whole(groups: Clusters) -> float:
    """The variance of the weighted sum per unit variance, if rows of a group were all alike."""
    ones = groups.weights
    single = [_squares(codes, ones, correct=False) for codes in groups.codes]
    if len(single) == 1:
        return single[0]
    return max(sum(single) - _squares(_crossed(groups.codes), ones, correct=False), *single)


def _effective(values: Values, groups: Clusters, n: float, mean: float) -> float:
    """How many independent observations have the variance of the share that was found."""
    rare = min(mean, 1 - mean) * n
    spread = mean * (1 - mean)
    whole = _whole(groups) / n**2
    if spread <= 0:
        return 1 / whole
    found = _variance(values - mean, groups) / n**2
    return float(spread * (rare + _MADE_UP) / (rare * found + _MADE_UP * spread * whole))


def _of_difference(
    values: Values, groups: Clusters, n: float, mean: float, bounds: tuple[float, float] | None
) -> float:
    """The variance of the mean of differences, with made-up ones at the bounds."""
    found = _variance(values - mean, groups) / n**2
    if bounds is None:
        return found
    largest = max(abs(bounds[0]), abs(bounds[1]))
    whole = _whole(groups)
    added = _MADE_UP * whole / n  # half a difference that comes as a whole group
    spread = discordance(values, groups, largest) - (mean * n / (n + added)) ** 2
    # As many as are not like most of them tell how differences keep together.
    rare = n - np.bincount(np.unique(values, return_inverse=True)[1], groups.weights).max()
    return float((rare * found + _MADE_UP * spread * whole / n**2) / (rare + _MADE_UP))


def discordance(values: Values, groups: Clusters, largest: float = 1.0) -> float:
    """The mean square of differences (n,), with half a made-up one that comes as a whole group.

    For differences of −1, 0 and 1 it is about the share of photographs on which two sides differ.
    """
    n = float(groups.weights.sum())
    added = _MADE_UP * _whole(groups) / n
    return (float(groups.weights @ np.square(values)) + added * largest**2) / (n + added)


def independent(values: Values, groups: Clusters) -> float:
    """How many independent photographs would tell as much of the mean of differences (n,)."""
    n = float(groups.weights.sum())
    mean = float(groups.weights @ values / n)
    variance = _of_difference(values, groups, n, mean, DIFFERENCE)
    return min(n, max(0.0, discordance(values, groups) - mean**2) / variance)


def _wilson(mean: float, n: float, t: float) -> tuple[float, float]:
    """Wilson's interval for a share of `n` observations, `t` standard errors to each side."""
    squared = t * t
    centre = (mean + squared / (2 * n)) / (1 + squared / n)
    reach = t / (1 + squared / n) * math.sqrt(mean * (1 - mean) / n + squared / (4 * n * n))
    return (max(0.0, centre - reach) if mean > 0 else 0.0), (
        min(1.0, centre + reach) if mean < 1 else 1.0
    )
