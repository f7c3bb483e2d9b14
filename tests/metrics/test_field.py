"""A field of models: places, groups, tests against the best, and recipes that agree."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_runs import manifest
from made_tables import simulated

from typoattack.core.errors import UserError
from typoattack.metrics.field import FIGURES_SHOWN, Contestant, Field, rank_field, read_field
from typoattack.metrics.intervals import Figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import sign_flip
from typoattack.metrics.reading import Reading
from typoattack.metrics.summaries import estimate
from typoattack.results.folder import RunFolder
from typoattack.results.given import Answer, write_given

NAMES = [f"class {i}" for i in range(20)]


def field(rates: dict[str, float], samples: int = 200, **options: object) -> Field:
    return rank_field(contestants(rates, samples), resamples=300, **options)


def contestants(rates: dict[str, float], samples: int = 200, recipes: int = 3) -> list[Contestant]:
    """Models that flip with these rates on the same photographs, each photograph by itself."""
    names = [f"recipe-{n}" for n in range(recipes)]
    seen = simulated(samples, dict.fromkeys(names, 0.5), accuracy=1.0)
    made = []
    for number, (model, rate) in enumerate(rates.items()):
        rng = np.random.default_rng(number)
        flips = (rng.random(len(seen)) < rate) & (seen["family"] != "clean")
        wrong = (seen["label"] + 1) % len(NAMES)
        rows = seen.assign(model=model, predicted=seen["label"].where(~flips, wrong))
        counted = outcomes(rows)
        attacks = counted[counted["family"] == "attack"].reset_index(drop=True)
        made.append(Contestant(model, model, f"runs/{model}", manifest([model], NAMES), attacks))
    return made


def test_the_most_robust_comes_first_and_groups_hold_what_is_not_told_apart() -> None:
    found = field({"weak": 0.8, "strong": 0.1, "alike": 0.1, "middle": 0.4}, by="none")
    groups = {one.rank.name: one.group for one in found.models}
    assert groups == {"strong": 1, "alike": 1, "middle": 2, "weak": 3}
    assert [one.rank.name for one in found.models][2:] == ["middle", "weak"]
    assert found.models[0].best is None
    assert found.models[-1].best.other == found.models[0].rank.name
    assert found.models[-1].best.apart
    assert not found.models[1].best.apart


def test_a_difference_is_paired_and_its_p_value_that_of_the_sign_flip_test() -> None:
    made = contestants({"a": 0.30, "b": 0.40})
    found = rank_field(made, by="none", resamples=100)
    rates = [one.rows.groupby("sample")["flip_rate"].mean() for one in made]
    gaps = (rates[1] - rates[0]).dropna().to_numpy()
    second = next(one for one in found.models if one.rank.name == "b")
    assert second.best.difference.value == pytest.approx(gaps.mean())
    assert second.best.difference.n == len(gaps)
    exact = sign_flip(gaps, np.random.default_rng(0))
    assert second.best.p_holm == pytest.approx(exact, abs=0.006)


def test_a_baseline_is_held_against_all_others_and_holm_runs_over_them() -> None:
    rates = {"a": 0.2, "b": 0.21, "base": 0.6}
    found = field(rates, baseline="base", by="none")
    held = {one.rank.name: one.baseline for one in found.models}
    assert held.pop("base") is None
    assert all(one.apart and one.difference.value < 0 for one in held.values())
    with pytest.raises(UserError, match="did you mean 'base'"):
        field(rates, baseline="bass")


def test_figures_are_those_of_each_models_own_photographs() -> None:
    made = contestants({"a": 0.2, "b": 0.5})
    found = rank_field(made, resamples=100, seed=3)
    for one in found.models:
        rows = next(c.rows for c in made if c.name == one.rank.name)
        for name in FIGURES_SHOWN:
            expected = estimate(rows, name, seed=3, resamples=100)
            assert one.figures[name].value == expected.value or not expected
        part = rows[rows["recipe"] == "recipe-1"]
        assert one.recipes["recipe-1"].value == estimate(part, "flip_rate").value


def test_a_model_that_is_hardly_ever_right_is_listed_and_moves_nobody() -> None:
    made = contestants({"a": 0.2, "b": 0.5})
    broken = made[0].rows.assign(
        accuracy_clean=0.0, accuracy_attacked=0.0, flip_rate=np.nan, reading_effect=np.nan
    )
    random = Contestant("random", "random", "runs/r", manifest(["random"], NAMES), broken)
    found = rank_field([*made, random], resamples=100)
    assert [one.rank.name for one in found.models] == ["a", "b", "random"]
    last = found.models[-1]
    assert (last.rank.place, last.group, last.best) == (None, None, None)
    assert any("random has no place" in note for note in found.notes)


def test_where_nobody_has_a_place_all_are_listed_with_the_reason() -> None:
    found = field({"a": 0.2, "b": 0.5}, samples=8)
    assert [(one.rank.name, one.rank.place, one.best) for one in found.models] == [
        ("a", None, None),
        ("b", None, None),
    ]
    assert len(found.notes) == 2


def test_recipes_that_order_models_alike_correlate_and_few_models_have_no_correlation() -> None:
    found = field({f"m{i}": 0.1 + 0.15 * i for i in range(6)}, by="none")
    assert found.correlation.loc["recipe-0", "recipe-1"] > 0.8
    assert field({"a": 0.1, "b": 0.5}).correlation.empty


def test_objects_that_repeat_are_said() -> None:
    assert "label" in field({"a": 0.1, "b": 0.5}).grouped
    assert field({"a": 0.1, "b": 0.5}, by="none").grouped == ""


def test_one_model_is_no_field() -> None:
    with pytest.raises(UserError, match="at least two models"):
        field({"a": 0.1})


def given(tmp_path, name: str, flips: int, data: str = "set") -> RunFolder:
    answers = []
    for n in range(30):
        answers.append(Answer(str(n), "clean", "cat" if n % 2 else "dog", "cat" if n % 2 else "dog",
                              model=name))  # fmt: skip
        right, word = ("cat", "dog") if n % 2 else ("dog", "cat")
        said = word if n < flips else right
        answers.append(Answer(str(n), "note", right, said, word=word, model=name))
    now = pd.Timestamp("2026-01-01").to_pydatetime()
    return write_given(answers, tmp_path / name, name=data, now=now)


def test_runs_are_read_one_after_the_other_and_named_apart(tmp_path) -> None:
    folders = [given(tmp_path, name, flips).path for name, flips in (("a", 5), ("b", 25))]
    found = rank_field(read_field(folders), resamples=100)
    assert [one.rank.name for one in found.models] == ["a", "b"]
    assert found.models[0].rank.score.value == pytest.approx(5 / 30)


def test_reading_on_other_pictures_is_said() -> None:
    def read(pictures: int) -> Reading:
        return Reading("m", Figure(0.5, 0.4, 0.6, pictures), 0.1, {})

    one, two, three = contestants({"a": 0.2, "b": 0.5, "c": 0.8})
    same = rank_field([replace(one, reading=read(60)), replace(two, reading=read(60)), three])
    assert not any("Reading was asked" in note for note in same.notes)
    several = [replace(one, reading=read(60)), replace(two, reading=read(200))]
    found = rank_field([*several, replace(three, reading=read(60))])
    told = next(note for note in found.notes if "Reading was asked" in note)
    assert "60 pictures of a and 1 more, 200 pictures of b" in told


def test_a_run_given_twice_is_counted_once_and_said(tmp_path) -> None:
    one, other = (given(tmp_path, name, 5 * n).path for n, name in enumerate(("a", "b"), 1))
    found = rank_field(read_field([one, other, one]), resamples=100)
    assert [m.rank.name for m in found.models] == ["a", "b"]
    assert found.notes[0] == f"a was given again by {one} and is counted once."
    with pytest.raises(UserError, match="at least two models.*was given again"):
        rank_field(read_field([one, one]))


def test_places_and_tests_are_of_the_same_photographs() -> None:
    """`weak` is right on few photographs, on which `a` does well; on the others it does not."""
    made = contestants({"a": 0.1, "b": 0.3, "weak": 0.5})
    few = {str(n) for n in range(40)} | {f"photo {n:05d}" for n in range(40)}
    rows = [one.rows for one in made]
    among = rows[0]["sample"].isin(few)
    assert 0 < among.sum() < len(among)
    worse = rows[0].assign(flip_rate=rows[0]["flip_rate"].where(among, 1.0))
    scarce = rows[2].assign(
        flip_rate=rows[2]["flip_rate"].where(among),
        accuracy_clean=rows[2]["accuracy_clean"].where(among, 0.0),
    )
    changed = [replace(made[0], rows=worse), made[1], replace(made[2], rows=scarce)]
    found = rank_field(changed, resamples=100, by="none")
    for one in found.models[1:]:
        assert one.best.difference.value >= 0, "who comes first is not worse than who comes later"
        assert one.best.difference.n == found.models[0].rank.score.n


def test_words_or_objects_that_only_one_is_left_of_end_nothing() -> None:
    made = contestants({"a": 0.2, "b": 0.6}, 60)
    for change in ({"word": "pizza"}, {"label": 3}):
        same = [replace(one, rows=one.rows.assign(**change)) for one in made]
        for by in ("auto", "label+word", "label", "word"):
            assert rank_field(same, resamples=50, by=by).models[0].rank.name == "a"


def test_in_a_field_of_hundreds_models_can_still_be_told_apart() -> None:
    made = contestants({"a": 0.0, "b": 1.0}, 40, recipes=1)
    many = [replace(made[1], name=f"b{n}", model=f"b{n}") for n in range(600)]
    renamed = [replace(one, manifest=manifest([one.name], NAMES)) for one in many]
    found = rank_field([made[0], *renamed], resamples=20, by="none")
    assert found.models[-1].best.apart


def test_runs_of_other_suites_are_refused_with_the_difference(tmp_path) -> None:
    one, other = given(tmp_path, "a", 5), given(tmp_path, "b", 5, data="other")
    with pytest.raises(UserError, match="not run on the same suite"):
        read_field([one.path, other.path])
    with pytest.raises(UserError, match="cannot compare 'margin_shift'"):
        read_field([one.path], "margin_shift")
