"""One statistic for a paired difference: exact where it can be, and of the right level."""

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from typoattack.core.randomness import stream
from typoattack.metrics import paired
from typoattack.metrics.paired import contrast, detectable, discordance, holm, sign_flip

RNG = stream("test", 0)


def _gaps(less: int, more: int, none: int = 0, size: float = 1.0) -> np.ndarray:
    return size * np.concatenate([-np.ones(less), np.ones(more), np.zeros(none)])


@pytest.mark.parametrize(
    ("less", "more"), [(9, 1), (0, 6), (6, 5), (60, 35), (240, 300), (1200, 1100)]
)
@pytest.mark.parametrize("size", [1.0, 1 / 3, 0.7])
def test_gaps_of_one_magnitude_are_exact_mcnemar(less: int, more: int, size: float) -> None:
    expected = mcnemar([[0, less], [more, 0]], exact=True).pvalue
    assert sign_flip(_gaps(less, more, 10, size), RNG) == pytest.approx(expected, rel=1e-13)


def test_no_gap_and_equal_gaps_are_no_evidence() -> None:
    assert sign_flip(np.zeros(20), RNG) == 1.0
    assert sign_flip(np.zeros(0), RNG) == 1.0
    assert sign_flip(_gaps(3, 3), RNG) == 1.0


def test_gaps_of_several_magnitudes_are_what_counting_all_signs_gives() -> None:
    gaps = np.array([1 / 3, -1, 2 / 3, 0.5, 0.5, -0.25, 1, 1, 0, 1 / 7])
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(gaps))).reshape(len(gaps), -1).T
    expected = np.mean(np.abs(signs @ gaps) >= abs(gaps.sum()) - 1e-9)
    assert sign_flip(gaps, RNG) == pytest.approx(expected, rel=1e-12)


def test_votes_decide_nothing_where_the_mean_says_otherwise() -> None:
    gaps = np.concatenate([_gaps(60, 0, size=0.5), _gaps(0, 35)])
    assert mcnemar([[0, 60], [35, 0]], exact=True).pvalue < 0.02  # what votes would have said
    assert gaps.mean() > 0
    assert sign_flip(gaps, RNG) > 0.5


def test_a_p_value_is_exact_for_thousands_of_clusters_and_near_the_normal_one() -> None:
    gaps = np.random.default_rng(0).integers(-6, 8, 5000) / 6
    z = gaps.sum() / np.sqrt(np.square(gaps).sum())
    normal = math.erfc(abs(z) / math.sqrt(2))
    assert sign_flip(gaps, RNG) == pytest.approx(normal, rel=0.2)
    assert sign_flip(gaps, RNG) == sign_flip(-gaps, RNG)


def test_gaps_that_are_no_ratios_get_random_signs_near_the_exact_value() -> None:
    gaps = np.random.default_rng(1).normal(0.3, 1, 60)
    near = np.round(gaps * 200) / 200
    one = sign_flip(gaps, stream("signs", 0))
    assert one == sign_flip(gaps, stream("signs", 0))
    assert one == pytest.approx(sign_flip(near, RNG), abs=0.02)
    assert sign_flip(gaps + 5, RNG) == 1 / 10_000


def test_tens_of_thousands_of_photographs_are_exact_where_each_counts_once() -> None:
    expected = mcnemar([[0, 10_000], [10_600, 0]], exact=True).pvalue
    assert sign_flip(_gaps(10_000, 10_600, 9_000), RNG) == pytest.approx(expected, rel=1e-9)


def test_random_signs_drawn_in_parts_are_all_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = np.random.default_rng(1).normal(0.3, 1, 60)
    whole = sign_flip(gaps, stream("signs", 0))
    monkeypatch.setattr(paired, "_CHUNK", 60 * 700)
    assert sign_flip(gaps, stream("signs", 0)) == pytest.approx(whole, abs=0.02)


@pytest.mark.parametrize(("replicates", "low"), [(1, 0.03), (3, 0.03)])
def test_a_true_null_is_rejected_one_time_in_twenty(replicates: int, low: float) -> None:
    rng = np.random.default_rng(2)
    rejected = 0
    for _ in range(2000):
        hard = rng.beta(0.7, 0.7, 150)[:, None]
        a, b = ((rng.random((150, replicates)) < hard).mean(axis=1) for _ in "ab")
        rejected += sign_flip(b - a, rng) < 0.05
    assert low <= rejected / 2000 <= 0.07


def _rows(a: list[float], b: list[float], **columns: list[str]) -> pd.DataFrame:
    samples = [f"s{i:03d}" for i in range(len(a))]
    return pd.DataFrame({"sample": samples, "value_a": a, "value_b": b, **columns})


def test_photographs_of_one_object_change_sides_together() -> None:
    gaps = [1.0] * 24
    rows = _rows(gaps, [0.0] * 24, object=[n // 4 for n in range(24)])
    by_object, alone = (contrast(rows, resamples=50, by=by) for by in ("object", "none"))
    assert by_object["p"] == 2 / 2**6
    assert alone["p"] == 2 / 2**24
    assert by_object["difference"].value == alone["difference"].value == -1
    assert (by_object["more_a"], by_object["difference"].clusters) == (24, 6)
    assert by_object["difference"].high > alone["difference"].high
    assert by_object["grouped"] == "object"


def test_a_contrast_by_object_is_that_of_the_objects_sums() -> None:
    rows = _rows([1, 1, 1, 0, 0], [0, 0, 0, 1, 0], object=["x", "x", "x", "y", "z"])
    by_object = contrast(rows, resamples=50, by="object")
    assert by_object["difference"].value == pytest.approx(-2 / 5)
    assert by_object["p"] == sign_flip(np.array([-3.0, 1.0, 0.0]), stream("any"))


def test_direction_interval_and_p_agree_where_the_difference_is_plain() -> None:
    found = contrast(_rows([1.0] * 30 + [0.0] * 30, [0.0] * 60), resamples=500)
    assert found["difference"].value == -0.5
    assert found["difference"].high < 0
    assert found["p"] == 2 / 2**30
    assert math.isnan(contrast(_rows([1.0], [0.0]), tested=False)["p"])


def test_holm_is_that_of_statsmodels_and_leaves_the_untested_alone() -> None:
    p = [0.01, 0.04, 0.03, 0.5]
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert holm([]) == []


@pytest.mark.parametrize(
    ("n", "differing", "difference"), [(17, 0.2, 0.50), (100, 0.2, 0.13), (300, 0.2, 0.075),
                                       (1000, 0.2, 0.041), (1000, 0.5, 0.064)]
)  # fmt: skip
def test_a_detectable_difference_is_what_simulation_detects_four_times_in_five(
    n: int, differing: float, difference: float
) -> None:
    found = detectable(n, differing)
    assert found == pytest.approx(difference, abs=0.006)
    apart = max(differing, found)
    rng = np.random.default_rng(3)
    known: dict[tuple[int, int], bool] = {}
    shown = []
    for more, less, _ in rng.multinomial(
        n, [(apart + found) / 2, (apart - found) / 2, 1 - apart], size=2000
    ).tolist():
        if (more, less) not in known:
            known[more, less] = sign_flip(_gaps(less, more), rng) < 0.05
        shown.append(known[more, less])
    assert np.mean(shown) >= 0.78
    if found < differing:
        assert np.mean(shown) <= 0.87


def test_more_photographs_show_smaller_differences_and_too_few_none() -> None:
    found = [detectable(n, 0.3) for n in (6, 10, 30, 100, 1000)]
    assert found == sorted(found, reverse=True)
    assert math.isnan(detectable(5, 0.3))


def test_discordance_is_the_share_that_differs_with_two_made_up_photographs() -> None:
    assert discordance(_gaps(3, 5, 90)) == pytest.approx(10 / 100)
    assert discordance(_gaps(0, 8, 0, 0.5)) == pytest.approx(4 / 10)
