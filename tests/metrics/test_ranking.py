"""The order of models, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from typoattack.metrics import ranking
from typoattack.metrics.ranking import Rank, rank


def _counted(*values: float, recipe: str = "r", family: str = "attack") -> pd.DataFrame:
    rows = [
        {"task": "t", "recipe": recipe, "family": family, "sample": f"{i:03d}", "figure": value}
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def _ranked(
    models: dict[str, pd.DataFrame], lower: bool = True, resamples: int = 400
) -> list[Rank]:
    rng = np.random.default_rng(0)
    return rank(models, "figure", lower_is_better=lower, rng=rng, resamples=resamples)


FLIPS = {"often": [1.0] * 30 + [0.0] * 10, "seldom": [1.0] * 4 + [0.0] * 36}


@pytest.mark.parametrize(("lower", "best"), [(True, "seldom"), (False, "often")])
def test_the_score_is_the_mean_and_the_direction_decides(lower: bool, best: str) -> None:
    first, last = _ranked({name: _counted(*values) for name, values in FLIPS.items()}, lower)
    assert (first.name, first.place, last.place) == (best, 1, 2)
    assert {one.name: one.score.value for one in (first, last)} == {"often": 0.75, "seldom": 0.1}
    assert (first.low, first.high, last.low, last.high) == (1, 1, 2, 2)
    assert (first.first, last.first) == (1.0, 0.0)
    for one in (first, last):
        assert one.score.low < one.score.value < one.score.high
        assert (one.score.n, one.score.method) == (40, "bootstrap")


def test_the_interval_of_a_score_is_that_of_resampled_samples() -> None:
    (only,) = _ranked({"m": _counted(*FLIPS["often"])}, resamples=4000)
    error = 1.96 * (0.75 * 0.25 / 40) ** 0.5
    assert only.score.low == pytest.approx(0.75 - error, abs=0.02)
    assert only.score.high == pytest.approx(0.75 + error, abs=0.02)


def test_attacks_weigh_alike_whatever_number_of_rows_they_have() -> None:
    rows = [_counted(1, 1, 1, 1), _counted(0, 0, recipe="s"), _counted(0, 0, recipe="s")]
    (only,) = _ranked({"m": pd.concat(rows)})
    assert only.score.value == 0.5


def test_controls_and_attacks_of_one_model_alone_do_not_count() -> None:
    shared = {"a": _counted(1, 0, 1, 0), "b": _counted(1, 1, 1, 0)}
    a = pd.concat([shared["a"], _counted(1, 1, 1, 1, recipe="own")])
    b = pd.concat([shared["b"], _counted(0, 0, 0, 0, recipe="c", family="control")])
    scores = {one.name: one.score.value for one in _ranked({"a": a, "b": b})}
    assert scores == {"a": 0.5, "b": 0.75}


def test_a_sample_that_one_model_lacks_counts_for_the_other() -> None:
    a = _counted(1, 1, 0, np.nan)
    b = _counted(0, 0, 0, 1)
    scores = {one.name: (one.score.value, one.score.n) for one in _ranked({"a": a, "b": b})}
    assert scores == {"a": (pytest.approx(2 / 3), 4), "b": (0.25, 4)}


def test_models_without_a_common_attack_or_figure_are_not_ranked() -> None:
    assert _ranked({"a": _counted(1, 0), "b": _counted(1, 0, recipe="other")}) == []
    assert _ranked({"a": _counted(1, 0), "b": _counted(np.nan, np.nan)}) == []


def test_tied_models_share_the_better_place_and_the_chance_to_be_first() -> None:
    same = _counted(1, 0, 0, 1)
    found = _ranked({"b": same, "a": same, "last": _counted(1, 1, 1, 1)})
    assert [(one.name, one.place) for one in found] == [("a", 1), ("b", 1), ("last", 3)]
    assert found[0].first == found[1].first
    assert sum(one.first for one in found) == pytest.approx(1)


def test_resampling_in_parts_gives_every_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    models = {name: _counted(*values) for name, values in FLIPS.items()}
    whole = _ranked(models, resamples=50)
    monkeypatch.setattr(ranking, "_CHUNK", 40 * 7)  # seven resamples at a time, one left over
    assert _ranked(models, resamples=50) == whole
