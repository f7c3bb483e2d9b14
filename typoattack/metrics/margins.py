"""Does the model still matter once the margin of its clean answers is taken into account?

A model that is surer of its clean answer flips less, whether it reads or not. Beside the flip
rates of two models stands therefore what is left of their difference at equal clean margin.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    HessianInversionWarning,
    PerfectSeparationError,
    PerfectSeparationWarning,
)

from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.intervals import LEVEL, Figure
from typoattack.results.schema import CLEAN

LEAST_OF_EACH = 10
"""Outcomes of the rarer kind that the logistic regression needs: about five a slope."""

_FARTHEST = 20.0
"""A log odds ratio beyond this is a fit that ran away, not an estimate."""


@dataclass(frozen=True, slots=True)
class AtEqualMargin:
    """The model's term in a logistic regression on clean margin and model.

    Attributes:
        odds: the odds of the figure for the second model over those for the first, at equal
            clean margin, with its interval; n is the number of samples.
        p: of Wald's test that the odds are equal; NaN without a fit.
        reason: in words, why there is no fit; empty where there is one.
    """

    odds: Figure
    p: float
    reason: str = ""


def without(reason: str, samples: int = 0) -> AtEqualMargin:
    """What there is to say where nothing was fitted."""
    return AtEqualMargin(Figure(math.nan, math.nan, math.nan, samples), math.nan, reason)


def clean_margins(predictions: pd.DataFrame) -> "pd.Series[float]":
    """The margin of each clean answer: log probability of the label less that of the best other.

    For a zero-shot classifier that is the difference of the two similarities times the model's
    logit scale. The table keeps the most probable classes only, which always hold the best other.
    A clean picture that was asked several times, as chat models are, has the mean.

    Args:
        predictions: rows of one model.

    Returns:
        Margins (samples,) by task and sample; infinite where a probability was rounded to 0, NaN
        where there is no other class.
    """
    rows = predictions[predictions["family"] == CLEAN]
    others = [
        max((p for c, p in zip(top, chances, strict=True) if c != label), default=math.nan)
        for label, top, chances in zip(rows["label"], rows["top"], rows["top_prob"], strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        margins = np.log(rows["prob_label"].to_numpy(np.float64)) - np.log(np.array(others, float))
    index = pd.MultiIndex.from_frame(rows[["task", "sample"]])
    found: pd.Series[float] = pd.Series(margins, index=index, name="margin")
    return found if index.is_unique else found.groupby(level=["task", "sample"]).mean()


def at_equal_margin(
    rows: pd.DataFrame,
    margins_a: "pd.Series[float]",
    margins_b: "pd.Series[float]",
    by: str = AUTO,
) -> AtEqualMargin:
    """Fit the figure of both models, row by row, on clean margin and model.

    A logistic regression with the sandwich variance clustered by sample, since a photograph
    stands in it for both models and for each of its attacked versions; or by object where objects
    repeat.

    Args:
        rows: of one recipe, with `task`, `sample`, `value_a` and `value_b` (0 to 1).
        margins_a: what `clean_margins` gives for the first model.
        margins_b: and for the second.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    index = pd.MultiIndex.from_frame(rows[["task", "sample"]])
    margin = np.concatenate([m.reindex(index).to_numpy(np.float64) for m in (margins_a, margins_b)])
    values = rows[["value_a", "value_b"]].to_numpy(np.float64).T.ravel()
    second = np.repeat([0.0, 1.0], len(rows))
    samples = int(rows["sample"].nunique())
    if np.isnan(margin).any():
        return without("not every photograph has a clean margin", samples)
    if min(values.sum(), (1 - values).sum()) < LEAST_OF_EACH:
        return without(f"fewer than {LEAST_OF_EACH} outcomes of a kind", samples)
    if any(values[second == side].std() == 0 for side in (0.0, 1.0)):
        return without("a model has the same outcome on every photograph", samples)
    finite = np.clip(margin, -100.0, 100.0)
    if finite.std() == 0:
        return without("the clean margins are all the same", samples)
    standard = (finite - finite.mean()) / finite.std()
    groups = np.tile(clusters(rows, by).codes[0], 2)
    return _fit(values, np.column_stack([np.ones_like(second), standard, second]), groups, samples)


def _fit(
    values: npt.NDArray[np.float64],
    design: npt.NDArray[np.float64],
    groups: npt.NDArray[np.int64],
    samples: int,
) -> AtEqualMargin:
    unfit = without("the outcomes can be told apart without error, so no fit is finite", samples)
    unfinished = (ConvergenceWarning, HessianInversionWarning, PerfectSeparationWarning)
    try:
        with warnings.catch_warnings():
            for kind in unfinished:
                warnings.simplefilter("error", kind)
            fit = sm.Logit(values, design).fit(
                disp=0, cov_type="cluster", cov_kwds={"groups": groups}
            )
    except (*unfinished, PerfectSeparationError, np.linalg.LinAlgError):
        return unfit
    log_odds, error = float(fit.params[2]), float(fit.bse[2])
    if not math.isfinite(error) or error == 0 or np.abs(fit.params).max() > _FARTHEST:
        return unfit
    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * error
    low, value, high = (math.exp(log_odds + step) for step in (-reach, 0.0, reach))
    return AtEqualMargin(Figure(value, low, high, samples, "wald"), float(fit.pvalues[2]))
