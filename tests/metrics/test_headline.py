"""A maximum over many attacks is judged as one."""

from typing import Any

import numpy as np
import pandas as pd
from made_tables import BLANK, clean, table

from typoattack.metrics.headline import effects, strongest
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import detectable


def _counted(rates: dict[str, list[float]]) -> pd.DataFrame:
    """Outcomes of recipes that flip on these photographs."""
    rows = [
        {"task": "t", "family": "attack", "recipe": r, "sample": f"{i:04d}", "flip_rate": v}
        for r, values in rates.items()
        for i, v in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_strongest_is_told_apart_only_where_all_pairs_are_accounted_for() -> None:
    found = strongest(_counted({"a": [1] * 20, "b": [1] * 12 + [0] * 8, "c": [0] * 20}))
    assert found is not None
    assert (found.recipes, found.attacks, found.alike) == (("a",), 3, ())  # 3 · 2/2⁸ < 0.05
    many = {f"x{i}": [0.0] * 20 for i in range(5)}
    found = strongest(_counted({"a": [1] * 20, "b": [1] * 12 + [0] * 8, **many}))
    assert found is not None
    assert (found.attacks, found.alike) == (7, ("b",))  # 21 · 2/2⁸ > 0.05
    assert found.detectable == detectable(20, 10 / 22)


def test_ties_are_ties_whatever_rounding_does() -> None:
    a, b = [1 / 3, 2 / 3, 1 / 3], [2 / 3, 1 / 3, 1 / 3 + 1e-16]
    found = strongest(_counted({"a": a, "b": b}))
    assert found is not None
    assert found.recipes == ("a", "b")


def test_a_control_is_never_the_strongest() -> None:
    hit = [{"sample": f"s{i}"} for i in range(8)]
    blank = [{"sample": f"s{i}", **BLANK, "predicted": 1} for i in range(8)]
    found = strongest(outcomes(table(*(clean(sample=f"s{i}") for i in range(8)), *hit, *blank)))
    assert found is not None
    assert (found.recipes, found.attacks) == (("printed-label",), 1)


def test_nothing_right_when_clean_has_no_strongest_attack() -> None:
    rows = table(clean(predicted=3, clean_predicted=3), {"clean_predicted": 3})
    assert strongest(outcomes(rows)) is None


def _non_reader(rng: np.random.Generator, attacks: int, photographs: int) -> pd.DataFrame:
    """Flips that come from the surface alone, the same chance with the word and without."""
    hard = rng.beta(1, 3, photographs)[:, None]
    word, blank = (rng.random((photographs, attacks)) < hard for _ in "ab")
    samples = np.arange(photographs).repeat(attacks)
    recipes = np.tile([f"r{i:02d}" for i in range(attacks)], photographs)
    effects = (word.astype(float) - blank).ravel()
    columns: dict[str, Any] = {"sample": samples, "recipe": recipes, "reading_effect": effects}
    return pd.DataFrame(columns).assign(family="attack")


def test_a_non_reader_is_called_a_reader_at_most_one_time_in_twenty() -> None:
    rng = np.random.default_rng(0)
    recipes = [f"r{i:02d}" for i in range(20)]
    called, if_alone = [], []
    for _ in range(200):
        counted = _non_reader(rng, 20, 300)
        means = counted.groupby("recipe")["reading_effect"].mean()
        found = effects(counted, "reading_effect", recipes)
        called.append(any(found[r].p < 0.05 and means[r] > 0 for r in recipes))
        if_alone.append(
            min(one.p for one in found.values()) < 1
        )  # the smallest of 20 is below 0.05 unadjusted
    assert np.mean(called) <= 0.07
    assert np.mean(if_alone) > 0.4
