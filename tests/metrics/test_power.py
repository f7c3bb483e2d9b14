"""How many photographs a difference needs: against simulation, and from a pilot."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.metrics.clusters import Clusters
from typoattack.metrics.paired import p_of_mean
from typoattack.metrics.power import Design, correlation, could_show, curve, needed, pilot


def gaps(
    objects: int, each: int, discordant: float, mean: float, alike: float, rng: np.random.Generator
) -> np.ndarray:
    """−1, 0 or 1: with probability `alike` an object's photographs all have the object's gap."""
    chances = [(discordant - mean) / 2, 1 - discordant, (discordant + mean) / 2]
    own = rng.choice([-1.0, 0.0, 1.0], size=objects * each, p=chances)
    shared = np.repeat(rng.choice([-1.0, 0.0, 1.0], size=objects, p=chances), each)
    return np.where(np.repeat(rng.random(objects) < alike, each), shared, own)


@pytest.mark.parametrize(
    ("each", "alike", "discordant"), [(1, 0.0, 0.2), (10, 0.2, 0.3), (5, 0.5, 0.2)]
)
def test_so_many_photographs_show_the_difference_four_times_in_five(
    each: int, alike: float, discordant: float
) -> None:
    design = Design(discordant, an_object=each, correlation=alike)
    photographs = needed(0.1, design)
    assert photographs is not None
    objects = round(photographs / each)
    codes = np.repeat(np.arange(objects), each)
    groups = Clusters(("label",), (codes,), np.arange(len(codes)))
    rng = np.random.default_rng(1)
    draws = 400
    shown = sum(
        p_of_mean(gaps(objects, each, discordant, 0.1, alike, rng), groups) < 0.05
        for _ in range(draws)
    )
    assert 0.74 < shown / draws < 0.87


def test_more_of_anything_that_repeats_needs_more_photographs_and_more_versions_fewer() -> None:
    plain = Design(0.2)
    assert needed(0.05, plain) == pytest.approx(640, rel=0.1)
    assert needed(0.05, plain) > needed(0.1, plain)
    for costly in (
        Design(0.2, an_object=10, correlation=0.1),
        Design(0.2, a_word=50, word_correlation=0.05),
        Design(0.4),
    ):
        assert needed(0.05, costly) > needed(0.05, plain)
    assert needed(0.05, Design(0.2, replicates=4)) == needed(0.05, plain), (
        "nothing is known of them"
    )
    several = Design(0.2, replicates=4, within=0.5)
    assert several.spread == pytest.approx(0.125)
    assert needed(0.05, several) < needed(0.05, plain)


def test_what_is_needed_is_the_least_that_shows_it() -> None:
    design = Design(0.25, an_object=4, correlation=0.2)
    count = needed(0.07, design)
    assert could_show(count, design) <= 0.07 < could_show(count - 1, design)


def test_objects_fewer_than_a_test_needs_show_nothing() -> None:
    assert math.isnan(could_show(50, Design(0.2, an_object=10)))
    table = curve(Design(0.2, an_object=10), [50, 500])
    assert table["objects"].tolist() == [5, 50]
    assert table["detectable"].isna().tolist() == [True, False]
    assert needed(0.0001, Design(1.0)) is None


@pytest.mark.parametrize("replicates", [1, 4])
def test_a_pilot_finds_what_it_was_made_with(replicates: int) -> None:
    rng = stream("pilot", replicates)
    objects, each = 300, 8
    labels = np.repeat(np.arange(objects), each)
    made = gaps(objects, each, 0.4, 0.1, 0.3, np.random.default_rng(3))
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "sample": [str(i) for i in range(len(made))],
                    "label": labels,
                    "word": [f"{i}-{r}" for i in range(len(made))],
                    # Half of the versions show the photograph's gap, the others show none.
                    "gap": np.where(rng.random(len(made)) < 0.5, made, 0)
                    if replicates > 1
                    else made,
                }
            )
            for r in range(replicates)
        ]
    )
    found = pilot(rows)
    assert found.an_object == each
    assert found.replicates == replicates
    assert found.discordant == pytest.approx(0.4 if replicates == 1 else 0.2, abs=0.03)
    assert found.a_word == 1
    if replicates == 1:
        assert found.correlation == pytest.approx(0.3, abs=0.07)
        assert found.within == 0, "one version does not tell how versions differ"
    else:
        assert found.within == pytest.approx(0.5, abs=0.1)
        assert replace(found, replicates=1).spread == pytest.approx(0.2, abs=0.03)


def test_the_correlation_is_that_of_the_analysis_of_variance() -> None:
    values, groups = np.array([1.0, 2, 4, 5, 7, 8]), np.array([0, 0, 1, 1, 2, 2])
    # Mean squares by hand: between 18, within 0.5; (18 − 0.5) / (18 + 0.5).
    assert correlation(values, groups) == pytest.approx(17.5 / 18.5)
    assert correlation(values, np.arange(6)) == 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Design(1.2), "discordance lies between 0 and 1"),
        (lambda: Design(0.2, correlation=-1), "correlation lies between"),
        (lambda: Design(0.2, an_object=0), "at least"),
        (lambda: Design(0.2, an_object=math.nan), "a finite number"),
        (lambda: Design(0.2, a_word=math.inf), "a finite number"),
        (lambda: Design(math.nan), "between 0 and 1"),
        (lambda: needed(0, Design(0.2)), "above 0 and up to 100"),
        (lambda: pilot(pd.DataFrame({"sample": ["a"], "label": [0], "word": [""], "gap": [1.0]})),
         "a pilot needs 6 photographs"),
    ],
)  # fmt: skip
def test_what_makes_no_design_is_refused(make, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make()
