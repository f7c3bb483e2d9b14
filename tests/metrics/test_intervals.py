"""The intervals hold what they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from typoattack.metrics import intervals
from typoattack.metrics.intervals import DIFFERENCE, SHARE, Figure, bootstrap, wilson

SIMULATIONS = 2000


def _covered(figures: list[Figure], truth: float) -> float:
    return float(np.mean([f.low <= truth <= f.high for f in figures]))


def _boot(values: np.ndarray, seed: int, bounds: tuple[float, float] | None) -> Figure:
    return bootstrap(values, np.random.default_rng(seed), bounds=bounds, resamples=600)


def test_wilson_gives_the_interval_of_the_textbook() -> None:
    figure = wilson(np.repeat([1.0, 0.0], [81, 182]))
    assert (figure.value, figure.n) == (81 / 263, 263)
    assert figure.low == pytest.approx(0.2553, abs=1e-4)
    assert figure.high == pytest.approx(0.3662, abs=1e-4)


def test_a_figure_of_nothing_is_false_and_says_so() -> None:
    assert Figure(0.5, 0.1, 0.9, 1).method == "none"
    assert wilson(np.array([])).method == bootstrap(np.array([]), np.random.default_rng(0)).method
    assert Figure(0.5, 0.1, 0.9, 1)
    assert not Figure(0.5, 0.1, 0.9, 0)
    assert wilson(np.ones(3)).method == "wilson"
    assert _boot(np.ones(3), 0, SHARE).method == "bootstrap"


def test_the_percentiles_are_widened_to_students_t() -> None:
    values = np.array([0.1, 0.4, 0.5, 0.6, 0.9])
    figure = bootstrap(values, np.random.default_rng(0), resamples=200_000)
    # Source: the interval is that of t with 4 degrees of freedom, but for skew.
    half = 2.776 * values.std(ddof=1) / 5**0.5
    assert (figure.high - figure.low) / 2 == pytest.approx(half, rel=0.1)
    assert figure.value == values.mean()


def test_one_sample_at_each_bound_joins_the_resampling_but_not_the_mean() -> None:
    agreed = bootstrap(np.zeros(10), np.random.default_rng(0), bounds=SHARE, resamples=100_000)
    tail = stats.norm.cdf(stats.t.ppf(0.025, 9) * (10 / 9) ** 0.5)
    # Of twelve draws from ten zeros, a zero and a one, so many ones leave that tail.
    ones = stats.binom.ppf(1 - tail, 12, 1 / 12)
    assert (agreed.value, agreed.low) == (0.0, 0.0)
    assert agreed.high == pytest.approx(ones / 12)


def test_an_interval_stands_on_two_thousand_resamples() -> None:
    values = np.random.default_rng(0).normal(size=30)
    default = bootstrap(values, np.random.default_rng(1))
    assert default == bootstrap(values, np.random.default_rng(1), resamples=2000)


def test_few_and_many_distinct_values_are_resampled_alike() -> None:
    few = np.repeat([0.0, 0.5, 1.0], [20, 30, 50])
    apart = few + np.random.default_rng(0).normal(0, 1e-9, 100)
    one, other = (_boot(values, 1, None) for values in (few, apart))
    assert one.low == pytest.approx(other.low, abs=0.02)
    assert one.high == pytest.approx(other.high, abs=0.02)


def test_resampling_in_parts_gives_every_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=40)
    whole = _boot(values, 1, None)
    monkeypatch.setattr(intervals, "_CHUNK", 40 * 7)
    assert _boot(values, 1, None) == whole
    monkeypatch.setattr(intervals, "_CHUNK", 1)
    assert _boot(values, 1, None) == whole


def test_wilson_covers_nominally() -> None:
    rng = np.random.default_rng(0)
    figures = [wilson((rng.random(150) < 0.3).astype(float)) for _ in range(SIMULATIONS)]
    assert 0.93 <= _covered(figures, 0.3) <= 0.97


@pytest.mark.parametrize(("samples", "share"), [(200, 0.4), (60, 0.7)])
def test_the_bootstrap_of_samples_with_several_versions_covers_nominally(
    samples: int, share: float
) -> None:
    rng = np.random.default_rng(1)
    own_rate = rng.beta(2 * share, 2 * (1 - share), (SIMULATIONS, samples))
    values = rng.binomial(4, own_rate) / 4
    figures = [_boot(row, i, SHARE) for i, row in enumerate(values)]
    assert 0.93 <= _covered(figures, share) <= 0.97


def test_the_bootstrap_of_a_paired_difference_covers_nominally() -> None:
    rng = np.random.default_rng(2)
    own_rate = rng.beta(1.2, 0.8, (SIMULATIONS, 200))
    values = (rng.binomial(2, own_rate) - rng.binomial(2, own_rate * 0.5)) / 2
    figures = [_boot(row, i, DIFFERENCE) for i, row in enumerate(values)]
    assert 0.93 <= _covered(figures, 0.3) <= 0.97


def test_the_bootstrap_of_an_unbounded_mean_covers_nominally() -> None:
    values = np.random.default_rng(3).normal(-0.1, 0.05, (SIMULATIONS, 40))
    figures = [_boot(row, i, None) for i, row in enumerate(values)]
    assert 0.93 <= _covered(figures, -0.1) <= 0.97


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_seventeen_samples_get_no_false_precision(share: float) -> None:
    rng = np.random.default_rng(4)
    values = rng.binomial(10, rng.beta(share, 1 - share, (500, 17))) / 10
    figures = [_boot(row, i, SHARE) for i, row in enumerate(values)]
    assert _covered(figures, share) >= 0.93


@pytest.mark.parametrize(("value", "bounds"), [(0.0, SHARE), (1.0, SHARE), (0.0, DIFFERENCE)])
def test_agreement_of_all_samples_leaves_an_interval_with_width(
    value: float, bounds: tuple[float, float]
) -> None:
    figure = _boot(np.full(17, value), 0, bounds)
    assert figure.value == value
    assert bounds[0] <= figure.low <= value <= figure.high <= bounds[1]
    assert 0.1 < figure.high - figure.low < 0.6


def test_a_single_sample_leaves_everything_open() -> None:
    assert _boot(np.array([0.5]), 0, SHARE) == Figure(0.5, 0.0, 1.0, 1, "bootstrap")
    assert math.isnan(_boot(np.array([0.5]), 0, None).low)


def test_no_samples_are_no_figure() -> None:
    for figure in (wilson(np.array([])), _boot(np.array([]), 0, SHARE)):
        assert not figure
        assert math.isnan(figure.value)


def test_many_distinct_values_agree_with_the_standard_error() -> None:
    values = np.random.default_rng(5).normal(size=3000)
    figure = _boot(values, 0, None)
    assert (figure.high - figure.low) / 2 == pytest.approx(1.96 * values.std() / 3000**0.5, rel=0.1)


def test_the_same_seed_gives_the_same_interval_in_any_order() -> None:
    values = np.random.default_rng(6).integers(0, 4, 50) / 3
    assert _boot(values, 7, SHARE) == _boot(values[::-1].copy(), 7, SHARE)
