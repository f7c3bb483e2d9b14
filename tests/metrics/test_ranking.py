"""The order of models, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from typoattack.metrics import ranking
from typoattack.metrics.ranking import Rank, rank


def _counted(*values: float, recipe: str = "r", family: str = "attack") -> pd.DataFrame:
    """Rows of photographs that are all right when clean; NaN is one that is not."""
    rows = [
        {
            **{"task": "t", "recipe": recipe, "family": family, "sample": f"{i:03d}"},
            "figure": value,
            "accuracy_clean": float(not np.isnan(value)),
            "accuracy_attacked": float(value == 0),
        }
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
    one, _ = _ranked({"m": _counted(*FLIPS["often"]), "n": _counted(*[1.0] * 40)}, resamples=4000)
    error = 1.96 * (0.75 * 0.25 / 40) ** 0.5
    assert one.score.low == pytest.approx(0.75 - error, abs=0.02)
    assert one.score.high == pytest.approx(0.75 + error, abs=0.02)


def test_attacks_weigh_alike_whatever_number_of_rows_they_have() -> None:
    ten = [0.0] * 10
    rows = [_counted(*[1.0] * 20), _counted(*ten, recipe="s"), _counted(*ten, recipe="s")]
    found = _ranked({name: pd.concat(rows) for name in "mn"})
    assert [one.score.value for one in found] == [0.5, 0.5]


def test_controls_and_attacks_of_one_model_alone_do_not_count() -> None:
    shared = {"a": _counted(*[1, 0, 1, 0] * 3), "b": _counted(*[1, 1, 1, 0] * 3)}
    a = pd.concat([shared["a"], _counted(*[1] * 12, recipe="own")])
    b = pd.concat([shared["b"], _counted(*[0] * 12, recipe="c", family="control")])
    scores = {one.name: one.score.value for one in _ranked({"a": a, "b": b})}
    assert scores == {"a": 0.5, "b": 0.75}


def test_models_are_ranked_on_the_photographs_that_all_of_them_are_right_on() -> None:
    easy, hard = [0.0] * 12, [1.0] * 12
    narrow = _counted(*easy, *[np.nan] * 12)  # right on the easy ones alone
    wide = _counted(*easy, *hard)  # right on all, flips on the hard ones
    worse = _counted(*[1.0] * 3, *[0.0] * 21)
    found = _ranked({"narrow": narrow, "wide": wide, "worse": worse})
    assert [(one.name, one.place, one.score.value, one.score.n) for one in found] == [
        ("narrow", 1, 0.0, 12),
        ("wide", 1, 0.0, 12),
        ("worse", 3, 0.25, 12),
    ]
    beside = {one.name: (one.accuracy_clean, one.accuracy_attacked) for one in found}
    assert beside == {"narrow": (0.5, 0.5), "wide": (1.0, 0.5), "worse": (1.0, 21 / 24)}


def test_a_broken_model_is_listed_without_a_place_and_moves_nobody() -> None:
    able = {name: _counted(*values) for name, values in FLIPS.items()}
    broken = _counted(0.0, *[np.nan] * 39)  # right once, and that one never flips
    alone, found = _ranked(able), _ranked({"broken": broken, **able})
    assert found[:2] == alone
    last = found[2]
    assert (last.name, last.place, last.score.n) == ("broken", None, 0)
    assert (last.accuracy_clean, last.right, last.photographs) == (1 / 40, 1, 40)
    assert last.reason == (
        "right on 1 of 40 clean photographs; a place needs at least 10 of them and 10 %"
    )


@pytest.mark.parametrize(
    ("right", "photographs", "placed"),
    [(10, 40, True), (9, 40, False), (39, 400, False), (40, 400, True)],
)
def test_a_place_needs_ten_right_photographs_and_a_tenth(
    right: int, photographs: int, placed: bool
) -> None:
    weak = _counted(*[0.0] * right, *[np.nan] * (photographs - right))
    others = {name: _counted(*[1.0, 0.0] * (photographs // 2)) for name in "ab"}
    found = {one.name: one for one in _ranked({**others, "weak": weak})}
    assert (found["weak"].place is not None) == placed
    assert found["a"].place is not None


def test_models_without_a_common_attack_are_not_ranked_and_without_photographs_have_no_place() -> (
    None
):
    flips = [1.0, 0.0] * 10
    assert _ranked({"a": _counted(*flips), "b": _counted(*flips, recipe="other")}) == []
    apart = {"a": _counted(*flips, *[np.nan] * 20), "b": _counted(*[np.nan] * 20, *flips)}
    assert [(one.place, one.reason[:15]) for one in _ranked(apart)] == [
        (None, "under no attack")
    ] * 2
    alone = _ranked({"a": _counted(*flips), "b": _counted(*[np.nan] * 20)})
    assert alone[0].reason == "no other model is right often enough to be ranked with it"


def test_photographs_without_a_clean_picture_are_ranked_all_the_same() -> None:
    tables = {name: _counted(*values) for name, values in FLIPS.items()}
    found = _ranked({name: t.assign(accuracy_clean=np.nan) for name, t in tables.items()})
    assert [(one.name, one.place, one.photographs) for one in found] == [
        ("seldom", 1, 0),
        ("often", 2, 0),
    ]
    assert np.isnan(found[0].accuracy_clean)


def test_tied_models_share_the_better_place_and_the_chance_to_be_first() -> None:
    same = _counted(*[1, 0, 0, 1] * 3)
    found = _ranked({"b": same, "a": same, "last": _counted(*[1] * 12)})
    assert [(one.name, one.place) for one in found] == [("a", 1), ("b", 1), ("last", 3)]
    assert found[0].first == found[1].first
    assert sum(one.first for one in found) == pytest.approx(1)


def test_resampling_in_parts_gives_every_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    models = {name: _counted(*values) for name, values in FLIPS.items()}
    whole = _ranked(models, resamples=50)
    monkeypatch.setattr(ranking, "_CHUNK", 40 * 7)  # seven resamples at a time, one left over
    assert _ranked(models, resamples=50) == whole
