"""Groups of photographs: which are found, and whether intervals keep what they promise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from typoattack.core.errors import UserError
from typoattack.metrics.clusters import ALONE, AUTO, Clusters, clustered, clusters, p_value
from typoattack.metrics.intervals import DIFFERENCE, SHARE, wilson

DRAWS = 2000


def rows(samples: list[int], labels: list[int], words: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample": [str(s) for s in samples], "label": labels, "word": words, "facts": "{}"}
    )


def one_way(groups: int, each: int) -> Clusters:
    codes = np.repeat(np.arange(groups), each)
    return Clusters(("label",), (codes,), np.arange(groups * each))


def crossed(objects: int, words: int) -> Clusters:
    first, second = np.divmod(np.arange(objects * words), words)
    return Clusters(("label", "word"), (first, second), np.arange(objects * words))


def draw(groups: Clusters, rate: float, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """0 or 1 for each row; each factor has the given correlation on the probit scale."""
    latent = np.full(len(groups.weights), stats.norm.ppf(rate))
    for codes in groups.codes:
        latent += np.sqrt(correlation) * rng.normal(size=codes.max() + 1)[codes]
    left = 1 - correlation * len(groups.codes)
    latent += np.sqrt(left) * rng.normal(size=len(latent))
    return (latent > 0).astype(float)


@pytest.mark.parametrize("correlation", [0.1, 0.3])
@pytest.mark.parametrize("rate", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("groups", [10, 30, 300])
def test_shares_of_grouped_photographs_are_covered(
    groups: int, rate: float, correlation: float
) -> None:
    design, rng = one_way(groups, 10), np.random.default_rng([groups, int(100 * rate)])
    covered = 0
    for _ in range(DRAWS):
        found = clustered(draw(design, rate, correlation, rng), design, SHARE)
        covered += found.low <= rate <= found.high
    assert covered / DRAWS > 0.93
    if rate == 0.5:
        assert covered / DRAWS < 0.975


@pytest.mark.parametrize("rate", [0.02, 0.5, 0.98])
@pytest.mark.parametrize(("objects", "words"), [(9, 17), (10, 30), (30, 30)])
def test_shares_of_crossed_objects_and_words_are_covered(
    objects: int, words: int, rate: float
) -> None:
    design, rng = crossed(objects, words), np.random.default_rng([objects, int(100 * rate)])
    covered = 0
    for _ in range(DRAWS):
        found = clustered(draw(design, rate, 0.15, rng), design, SHARE)
        covered += found.low <= rate <= found.high
    assert covered / DRAWS > 0.93
    if rate == 0.5:
        assert covered / DRAWS < 0.985


@pytest.mark.parametrize("design", [one_way(10, 10), one_way(300, 10), crossed(9, 17)])
def test_differences_are_covered_and_a_true_null_is_rejected_one_time_in_twenty(
    design: Clusters,
) -> None:
    rng = np.random.default_rng(5)
    covered = rejected = 0
    for _ in range(DRAWS):
        gaps = draw(design, 0.4, 0.15, rng) - draw(design, 0.4, 0.15, rng)
        found = clustered(gaps, design, DIFFERENCE)
        covered += found.low <= 0 <= found.high
        rejected += p_value(gaps, design) < 0.05
    assert 0.93 < covered / DRAWS < 0.985
    assert 0.02 < rejected / DRAWS < 0.07


def test_photographs_of_one_object_widen_the_interval_that_wilson_gives() -> None:
    values = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], 10)  # as objects go, so go their photographs
    grouped = clustered(values, one_way(6, 10), SHARE)
    alone = wilson(values)
    assert grouped.value == alone.value
    assert grouped.n == alone.n == 60
    assert grouped.clusters == 6
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_where_nothing_happened_the_interval_is_that_of_so_many_objects() -> None:
    found = clustered(np.zeros(90), one_way(9, 10), SHARE)
    assert found.low == 0
    assert 0.2 < found.high < 0.45
    none = clustered(np.zeros(90), one_way(9, 10), DIFFERENCE)
    assert none.low == -none.high
    assert none.high > 0.05


@given(st.lists(st.integers(0, 1), min_size=4, max_size=80), st.integers(2, 4))
def test_an_interval_holds_its_share_and_stays_in_bounds(outcomes: list[int], each: int) -> None:
    codes = np.arange(len(outcomes)) // each
    design = Clusters(("label",), (codes,), np.arange(len(outcomes)))
    found = clustered(np.array(outcomes, float), design, SHARE)
    assert 0 <= found.low <= found.value <= found.high <= 1
    gap = clustered(np.array(outcomes, float), design, DIFFERENCE)
    assert -1 <= gap.low <= gap.value <= gap.high <= 1


def test_one_photograph_an_object_stands_by_itself() -> None:
    assert clusters(rows([1, 2, 3], [4, 5, 6], ["a", "b", "c"])).trivial


def test_photographs_of_an_object_and_pictures_with_a_word_are_found() -> None:
    samples = list(range(60))
    objects = [s // 6 for s in samples]
    several = [f"w{s % 6}" for s in samples]
    own = [f"w{s}" for s in samples]
    assert clusters(rows(samples, objects, own)).factors == ("label",)
    assert clusters(rows(samples, objects, several)).factors == ("label", "word")
    assert clusters(rows(samples, samples, several)).factors == ("sample", "word")
    assert clusters(rows(samples, objects, ["pizza"] * 60)).factors == ("label",)
    assert clusters(rows(samples, objects, several), ALONE).trivial


def test_words_of_one_photograph_do_not_make_words_repeat() -> None:
    found = clusters(rows([1, 1, 2, 2] * 3, [1, 1, 2, 2] * 3, list("abcdefghijkl")))
    assert "word" not in found.factors
    assert found.weights.sum() == pytest.approx(2)


def test_a_clean_picture_has_no_word_to_share() -> None:
    found = clusters(rows(list(range(40)), [i // 4 for i in range(40)], [""] * 40))
    assert found.factors == ("label",)
    assert found.count == 10


def test_a_column_or_a_fact_can_be_named() -> None:
    table = rows([1, 2, 3, 4], [1, 2, 3, 4], list("aabb"))
    table["facts"] = ['{"room": "hall"}', '{"room": "hall"}', '{"room": "bath"}', "{}"]
    assert clusters(table, "word").count == 2
    assert clusters(table, "room").count == 3, "without the fact, a photograph stands by itself"
    assert clusters(table, "room+word").factors == ("room", "word")
    with pytest.raises(UserError, match="'colour' is neither a column"):
        clusters(table, "colour")
    with pytest.raises(UserError, match="two columns at most"):
        clusters(table, "word+label+sample")


def test_groups_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    table = rows(list(range(60)), [s // 6 for s in range(60)], [f"w{s % 7}" for s in range(60)])
    values = rng.integers(0, 2, 60).astype(float)
    order = rng.permutation(60)
    first = clustered(values, clusters(table, AUTO), SHARE)
    again = clustered(values[order], clusters(table.iloc[order], AUTO), SHARE)
    assert first.low == pytest.approx(again.low)
    assert first.high == pytest.approx(again.high)


def test_a_factor_with_one_group_left_is_let_go() -> None:
    design = crossed(4, 6)
    one_object = design.only(design.codes[0] == 2)
    assert one_object.factors == ("word",)
    assert 0 <= p_value(np.arange(6.0), one_object) <= 1
    one_row = design.only(np.arange(24) == 5)
    assert p_value(np.ones(1), one_row) == 1
    same = rows(list(range(20)), [n // 4 for n in range(20)], ["pizza"] * 20)
    assert clusters(same, "label+word").factors == ("label",)
