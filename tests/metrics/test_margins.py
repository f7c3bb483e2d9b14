"""What is left of a difference between two models at equal clean margin."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from made_tables import clean, table

from typoattack.metrics.margins import AtEqualMargin, at_equal_margin, clean_margins


def test_a_clean_margin_is_the_log_probability_of_the_label_less_the_best_other() -> None:
    rows = table(
        clean(sample="sure", prob_label=0.8, top=[0, 3], top_prob=[0.8, 0.1]),
        clean(sample="wrong", prob_label=0.1, predicted=3, top=[3, 0], top_prob=[0.8, 0.1]),
        clean(sample="far", prob_label=0.01, predicted=3, top=[3, 4], top_prob=[0.8, 0.1]),
        clean(sample="alone", prob_label=1.0, top=[0], top_prob=[1.0]),
        clean(sample="certain", prob_label=1.0, top=[0, 3], top_prob=[1.0, 0.0]),
        {"sample": "sure", "prob_label": 0.3},
    )
    margins = clean_margins(rows)["object"]
    expected = {"sure": math.log(8), "wrong": -math.log(8), "far": -math.log(80)}
    assert margins[list(expected)].to_dict() == pytest.approx(expected)
    assert math.isnan(margins["alone"])
    assert margins["certain"] == math.inf
    assert len(margins) == 5


def _made(effect: float, shift: float, samples: int = 800, seed: int = 0) -> AtEqualMargin:
    """Two models whose flips follow their clean margin; `b` is surer by `shift`."""
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([["object"], [f"s{i:04d}" for i in range(samples)]])
    index.names = ["task", "sample"]
    hard = rng.normal(0, 1, samples)
    margins = [pd.Series(2 + hard + rng.normal(0, 0.5, samples) + s, index) for s in (0, shift)]
    flips = [
        rng.random(samples) < 1 / (1 + np.exp(2 * (m - 2.5) - e))
        for m, e in zip(margins, (0, effect), strict=True)
    ]
    rows = index.to_frame(index=False)
    values = {
        name: f.to_numpy(float) for name, f in zip(("value_a", "value_b"), flips, strict=True)
    }
    return at_equal_margin(rows.assign(**values), *margins)


def test_a_model_that_is_only_surer_is_no_different_at_equal_margin() -> None:
    found = _made(effect=0.0, shift=1.0)
    assert found.odds.low < 1 < found.odds.high
    assert found.p > 0.05
    assert found.odds.n == 800


def test_a_model_that_reads_less_is_different_at_equal_margin() -> None:
    found = _made(effect=-1.5, shift=0.0)
    assert found.odds.low < math.exp(-1.5) < found.odds.high < 1
    assert found.p < 0.001


def test_a_true_null_is_rejected_one_time_in_twenty() -> None:
    p = [_made(effect=0.0, shift=0.7, samples=150, seed=seed).p for seed in range(400)]
    assert 0.03 <= np.mean(np.array(p) < 0.05) <= 0.075


def test_the_fit_is_that_of_statsmodels_clustered_by_sample() -> None:
    rng = np.random.default_rng(1)
    samples = [f"s{i:03d}" for i in range(60) for _ in range(2)]
    rows = pd.DataFrame({"task": "object", "sample": samples})
    rows["value_a"], rows["value_b"] = (rng.integers(0, 2, 120).astype(float) for _ in "ab")
    index = pd.MultiIndex.from_frame(rows[["task", "sample"]].drop_duplicates())
    a, b = (pd.Series(rng.normal(0, 1, 60), index) for _ in "ab")
    found = at_equal_margin(rows, a, b)
    margin = np.concatenate([a.to_numpy().repeat(2), b.to_numpy().repeat(2)])
    design = np.column_stack([np.ones(240), margin, np.repeat([0, 1], 120)])
    fit = sm.Logit(np.r_[rows["value_a"], rows["value_b"]], design).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": np.tile(pd.factorize(rows["sample"])[0], 2)}
    )
    assert found.odds.value == pytest.approx(math.exp(fit.params[2]), rel=1e-6)
    assert found.p == pytest.approx(fit.pvalues[2], rel=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "margin", "said"),
    [
        ([1] * 30, [0] * 30, np.arange(30.0), "same outcome on every photograph"),
        ([1] * 2 + [0] * 28, [0] * 29 + [1], np.arange(30.0), "fewer than 10 outcomes"),
        ([1, 0] * 15, [0, 1] * 15, np.ones(30), "margins are all the same"),
        ([1, 0] * 15, [0, 1] * 15, np.full(30, np.nan), "has a clean margin"),
        ([1] * 15 + [0] * 15, [1] * 15 + [0] * 15, np.arange(30.0), "without error"),
    ],
)
def test_where_nothing_can_be_fitted_the_reason_is_said(
    a: list[int], b: list[int], margin: np.ndarray, said: str
) -> None:
    samples = [f"s{i:02d}" for i in range(30)]
    rows = pd.DataFrame({"task": "object", "sample": samples, "value_a": a, "value_b": b})
    margins = pd.Series(margin, pd.MultiIndex.from_frame(rows[["task", "sample"]]))
    found = at_equal_margin(rows, margins, margins)
    assert said in found.reason
    assert math.isnan(found.p)
