"""Two models on the same pictures, worked out by hand and by simulation."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from made_runs import manifest
from made_tables import clean, simulated, table
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.metrics.comparison import (
    Comparison,
    Entrant,
    OwnRate,
    compare,
    read_entrants,
)
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import detectable
from typoattack.metrics.ranking import Rank, rank
from typoattack.results.folder import RunFolder
from typoattack.results.schema import SCHEMA

_compare = partial(compare, least=1)
"""Few photographs are worked out by hand."""

COMPARABLE = {"seed": 0, "recipes": ["printed-label"], "data": "abc"}


def _entrant(name: str, *rows: dict[str, Any], **comparable: Any) -> Entrant:
    manifest = {"format": 1, "comparable": COMPARABLE | comparable}
    return Entrant(name, manifest, table(*({**row, "model": name} for row in rows)))


def _flips(pattern: str, **given: Any) -> list[dict[str, Any]]:
    """A row a letter: `x` a flip, `.` none, `w` wrong already when clean."""
    rows = []
    for i, letter in enumerate(pattern):
        wrong = {"predicted": 9, "clean_predicted": 9} if letter == "w" else {}
        rows.append({"sample": f"s{i:03d}", "predicted": int(letter == "x"), **wrong, **given})
    return rows


def _compared(a: str, b: str) -> Comparison:
    return _compare([_entrant("a", *_flips(a)), _entrant("b", *_flips(b))], resamples=200)


def test_rates_are_taken_on_the_samples_that_both_models_get_right() -> None:
    one = _compared("xxx.w", "x..xx").pairings[0]
    assert (one.rate_a, one.rate_b, one.difference.n) == (3 / 4, 2 / 4, 4)
    assert one.difference.value == -1 / 4
    assert (one.more_a, one.more_b) == (2, 1)


def test_p_is_the_exact_mcnemar_of_statsmodels() -> None:
    one = _compared("xxxxxxxxx..", "..........x").pairings[0]
    assert one.p == mcnemar([[0, 9], [1, 1]], exact=True).pvalue == pytest.approx(22 / 1024)


def test_holm_runs_over_attacks_and_leaves_controls_alone() -> None:
    control = {"family": "control", "control": "blank"}
    a, b = [], []
    for recipe, flips in {"one": "x" * 12, "two": "x" * 7 + "." * 5, "three": "x" * 12}.items():
        a += _flips(flips, recipe=recipe)
        b += _flips("." * 12 if recipe != "three" else "x" * 12, recipe=recipe)
    a += _flips("x" * 12, recipe="blank-label", **control)
    b += _flips("." * 12, recipe="blank-label", **control)
    pairings = {p.recipe: p for p in _compare([_entrant("a", *a), _entrant("b", *b)]).pairings}
    assert math.isnan(pairings["blank-label"].p)
    tested = [pairings[r] for r in ("one", "three", "two")]
    holm = multipletests([p.p for p in tested], method="holm")[1]
    assert [p.p_holm for p in tested] == pytest.approx(list(holm))
    assert pairings["one"].established
    assert not pairings["three"].established


def test_a_sample_attacked_several_times_counts_once_with_its_mean() -> None:
    a = [row for r in range(3) for row in _flips("xx.", replicate=r)]
    b = [row for r in range(3) for row in _flips(["...", "x..", "..x"][r], replicate=r)]
    one = _compare([_entrant("a", *a), _entrant("b", *b)]).pairings[0]
    assert (one.more_a, one.more_b) == (2, 1)
    assert one.difference.value == pytest.approx(((1 / 3 - 1) + (0 - 1) + 1 / 3) / 3)


def test_direction_and_significance_are_those_of_one_statistic() -> None:
    a = [*_flips("x" * 60 + "." * 35), *_flips("." * 95, replicate=1)]
    b = [*_flips("." * 60 + "x" * 35), *_flips("." * 60 + "x" * 35, replicate=1)]
    one = _compare([_entrant("a", *a), _entrant("b", *b)]).pairings[0]
    assert (one.more_a, one.more_b) == (60, 35)  # as votes: p = 0.013 against a
    assert one.difference.value > 0  # in the mean: against b
    assert one.p > 0.5
    assert one.difference.low < 0 < one.difference.high


def test_the_paired_difference_covers_nominally() -> None:
    rng = np.random.default_rng(1)
    a, b = [], []
    for i in range(200):
        hardness = rng.random(60)
        also = rng.random(60) < 0.1
        for rows, flips in ((a, (hardness < 0.7) | also), (b, hardness < 0.45)):
            rows += _flips("".join(".x"[int(f)] for f in flips), recipe=f"r{i}")
    truth = 0.45 - (0.7 + 0.3 * 0.1)
    found = _compare([_entrant("a", *a), _entrant("b", *b)]).pairings
    covered = [p.difference.low <= truth <= p.difference.high for p in found]
    assert len(covered) == 200
    assert 0.91 <= np.mean(covered) <= 0.985


def test_rows_are_joined_by_word() -> None:
    a = _flips("xx") + _flips("xx", replicate=1, word="dog")
    b = _flips("..") + _flips("..", replicate=1, word="cat")
    found = _compare([_entrant("a", *a), _entrant("b", *b)])
    assert len(found.changed) == 2
    assert any("2 of 4 attacked pictures bear different words" in note for note in found.notes)


def test_samples_that_changed_hands_are_listed_with_both_answers() -> None:
    changed = _compared("x.x", "xx.").changed
    told = changed[["sample", "value_a", "value_b", "predicted_a", "predicted_b"]]
    assert told.values.tolist() == [["s001", 0.0, 1.0, 0, 1], ["s002", 1.0, 0.0, 1, 0]]
    assert changed.index.tolist() == [0, 1]


def test_pictures_that_differ_are_told() -> None:
    a, b = _flips("x."), _flips("x.")
    b[0]["pixels"] = "ff"
    notes = _compare([_entrant("a", *a), _entrant("b", *b)]).notes
    assert notes == (
        "printed-label: 1 of 2 pairs are not the same picture for a and b (a search that adapts "
        "to the model, or another version of the drawing code).",
    )


def test_an_unfinished_run_is_told() -> None:
    notes = _compare([_entrant("a", *_flips("x.")), _entrant("b", *_flips("x.x"))]).notes
    assert notes[0].startswith("a has predictions for 2 of 3 samples")


def test_runs_of_different_suites_are_refused_with_the_difference() -> None:
    a, b = _entrant("a", *_flips("x")), _entrant("b", *_flips("x"), seed=7)
    with pytest.raises(UserError, match=r"not run on the same suite.*seed: 0 there, 7 here"):
        _compare([a, b])


@pytest.mark.parametrize("figure", ["nonsense", "margin_shift"])
def test_a_figure_that_cannot_be_compared_is_refused(figure: str) -> None:
    pair = [_entrant("a", *_flips("x")), _entrant("b", *_flips("x"))]
    with pytest.raises(UserError, match="cannot compare"):
        _compare(pair, figure=figure)


def test_an_entrant_is_found_in_its_manifest_by_the_name_in_its_rows() -> None:
    assert _entrant("m", *_flips("x")).model == "m"
    assert Entrant("m (runs/one)", {}, table({"model": "m"})).model == "m"


def test_the_interval_of_a_difference_follows_the_seed_and_lies_between_its_bounds() -> None:
    pair = [_entrant("a", *_flips("xxxxx....." * 3)), _entrant("b", *_flips("xx..x..x.." * 3))]
    one, same, other = (_compare(pair, seed=s, resamples=200).pairings[0] for s in (0, 0, 1))
    assert one.difference == same.difference != other.difference
    assert one.difference == _compare(pair, resamples=200).pairings[0].difference
    assert _compare(pair, resamples=20).pairings[0].difference != one.difference
    single = _compared("x", ".").pairings[0].difference
    assert (single.value, single.low, single.high) == (-1, -1, 1)


def test_a_difference_is_established_below_one_in_twenty() -> None:
    one = _compared("xxxxxx", "......").pairings[0]
    assert one.p == one.p_holm == 2 / 2**6
    assert one.established
    assert not _compared("xxxxx.", "......").pairings[0].established


def test_pairings_stand_attacks_first_then_by_recipe_for_each_pair_of_models() -> None:
    rows = [
        *_flips("x.", recipe="z"),
        *_flips("x.", recipe="a"),
        *_flips("..", recipe="blank", family="control", control="blank"),
    ]
    found = _compare([_entrant(name, *rows) for name in "abc"], resamples=50)
    recipes = ["a", "z", "blank"]
    told = [(p.a, p.b, p.recipe) for p in found.pairings]
    assert told == [(a, b, r) for a, b in (("a", "b"), ("a", "c"), ("b", "c")) for r in recipes]
    assert [p.family for p in found.pairings[:3]] == ["attack", "attack", "control"]
    assert {p.task for p in found.pairings} == {"object"}
    assert found.names == ("a", "b", "c")
    assert found.figure == "flip_rate"


def test_clean_rows_are_no_pairs_and_changed_rows_name_their_models() -> None:
    a = [clean(sample="s000"), *_flips("x.")]
    b = [clean(sample="s000", predicted=5, clean_predicted=5), *_flips("..")]
    found = _compare([_entrant("a", *a), _entrant("b", *b)], resamples=50)
    assert found.changed[["a", "b", "recipe", "sample"]].values.tolist() == [
        ["a", "b", "printed-label", "s000"]
    ]
    assert found.changed["pixels_a"].tolist() == ["00"]
    assert [p.recipe for p in found.pairings] == ["printed-label"]


def test_a_recipe_of_which_words_differ_is_told_once_and_only_where_samples_are_the_same() -> None:
    a = [*_flips("xx", word="dog"), *_flips("xx", recipe="same")]
    b = [*_flips("..", word="cat"), *_flips("..", recipe="same")]
    notes = _compare([_entrant("a", *a), _entrant("b", *b)], resamples=50).notes
    assert notes == (
        "printed-label: 2 of 2 attacked pictures bear different words for a and b (words chosen "
        "in each model's own text space?) and are left out.",
    )
    fewer = _compare([_entrant("a", *_flips("xx")), _entrant("b", *_flips("."))], resamples=50)
    assert not any("different words" in note for note in fewer.notes)


def test_recipes_are_told_by_name_whatever_the_order_of_rows() -> None:
    a = [row for r in "zma" for row in _flips("xx", recipe=r, word="dog", pixels="0")]
    a += [row for r in "yb" for row in _flips("x.", recipe=r, pixels="0")]
    b = [row for r in "zma" for row in _flips("..", recipe=r, word="cat", pixels="1")]
    b += [row for r in "yb" for row in _flips(".x", recipe=r, pixels="1")]
    found = _compare([_entrant("a", *a), _entrant("b", *b)], resamples=50)
    assert [note[0] for note in found.notes] == ["a", "m", "z", "b", "y"]
    assert [p.recipe for p in found.pairings] == ["b", "y"]


def test_what_differs_between_runs_is_named_whatever_it_is() -> None:
    rows = table(*_flips("x"))
    good = Entrant("a", {"format": 1, "comparable": {"seed": 0}}, rows)
    for bad, said in (
        ({"format": 2, "comparable": {"seed": 0}}, "format: 1 there, 2 here"),
        ({"format": 1}, "comparable"),
        ({"format": 1, "comparable": {"seed": 1}}, "seed: 0 there, 1 here"),
    ):
        with pytest.raises(UserError, match=f"'a' and 'b' were not run .*{said}"):
            _compare([good, Entrant("b", bad, rows)])
    nothing = {"format": 1}
    with pytest.raises(UserError, match="not run on the same suite"):
        _compare([Entrant("a", dict(nothing), rows), Entrant("b", dict(nothing), rows)])


def test_models_of_one_run_need_no_comparison_of_their_manifests() -> None:
    manifest: dict[str, Any] = {}
    pair = [Entrant(name, manifest, table(*_flips("x."))) for name in "ab"]
    assert _compare(pair, resamples=50).pairings[0].difference.value == 0


def test_one_model_alone_is_refused() -> None:
    with pytest.raises(UserError, match="at least two"):
        _compare([_entrant("a", *_flips("x"))])


def test_a_third_model_changes_nothing_in_what_is_said_of_two() -> None:
    strong, weak = _entrant("a", *_flips("." * 7 + "x" * 13)), _entrant("b", *_flips("x" * 20))
    broken = _entrant("c", *_flips("." + "w" * 19))
    hopeless = _entrant("d", *_flips("w" * 20))
    alone = compare([strong, weak]).pairings
    assert [(p.p, p.established) for p in alone] == [(2 / 2**7, True)]
    found = compare([broken, strong, hopeless, weak])
    assert found.pairings == alone
    told = [note for note in found.notes if note.endswith("the pair is left out.")]
    assert len(told) == 5
    assert told[0] == (
        "c and a have only 1 photograph in common that counts for both, and comparing needs 6; "
        "the pair is left out."
    )
    assert told[1].startswith("c and d have no attacked picture in common that counts for both")


def test_a_third_able_model_leaves_the_verdicts_on_two_alone_too() -> None:
    first = [_entrant("a", *_flips("x" * 13 + "." * 7)), _entrant("b", *_flips("x" * 20))]
    third = _entrant("c", *_flips("x." * 10))
    assert compare([*first, third]).pairings[0] == compare(first).pairings[0]


def test_holm_runs_over_the_attacks_of_one_pair() -> None:
    rows = {name: [] for name in "abc"}  # type: ignore[var-annotated]
    for recipe, flips in (("one", "x" * 20), ("two", "x" * 8 + "." * 12)):
        for name, own in (("a", "." * 20), ("b", flips), ("c", flips)):
            rows[name] += _flips(own, recipe=recipe)
    found = compare([_entrant(name, *rows[name]) for name in "abc"])
    p = {(q.a, q.b, q.recipe): (q.p, q.p_holm) for q in found.pairings}
    assert p["a", "b", "one"] == (2 / 2**20, 4 / 2**20)
    assert p["a", "b", "two"] == (2 / 2**8, 2 / 2**8)
    assert p["b", "c", "one"] == (1, 1)


def test_a_recipe_with_too_little_in_common_is_named_and_the_others_stay() -> None:
    rows = [*_flips("x." * 5, recipe="whole"), *_flips("x.x", recipe="rare")]
    found = compare([_entrant(name, *rows) for name in "ab"])
    assert [p.recipe for p in found.pairings] == ["whole"]
    assert found.notes == (
        "rare: only 3 photographs count for both a and b, and comparing needs 6; "
        "it is left out for them.",
    )


def test_each_models_own_rate_stands_beside_that_on_the_common_photographs() -> None:
    one = _compared("xxx.wwxx", "x..xxxww").pairings[0]
    assert (one.rate_a, one.rate_b, one.difference.n) == (3 / 4, 2 / 4, 4)
    assert (one.own_a, one.own_b) == (OwnRate(5 / 6, 6), OwnRate(4 / 6, 6))


def test_what_could_have_been_shown_follows_from_the_photographs_in_common() -> None:
    few, many = (_compared("x." * n, ".." * n).pairings[0].detectable for n in (10, 100))
    assert few == detectable(20, 12 / 22)
    assert many < few


def test_models_without_a_common_picture_are_refused() -> None:
    with pytest.raises(UserError, match="a and b have no attacked .* run them on more photographs"):
        _compare([_entrant("a", *_flips("xw")), _entrant("b", *_flips("wx"))])


def _ranks(entrants: list[Entrant], figure: str = "flip_rate", resamples: int = 100) -> list[Rank]:
    return rank(
        {one.name: outcomes(one.predictions) for one in entrants},
        figure,
        lower_is_better=FIGURES[figure].more_robust == "lower",
        rng=stream("bootstrap", 0),
        resamples=resamples,
    )


def test_the_ranking_puts_the_most_robust_first_with_the_uncertainty_of_its_place() -> None:
    models = {"weak": 0.9, "middling": 0.5, "twin": 0.5, "strong": 0.1}
    entrants = []
    for i, (name, rate) in enumerate(models.items()):
        rows = simulated(150, {"x": rate, "y": rate}, models=(name,), accuracy=1.0, seed=i)
        rows["word"], rows["label"] = "w", rows["label"]
        entrants.append(Entrant(name, {"format": 1, "comparable": COMPARABLE}, rows))
    ranking = _ranks(entrants, resamples=500)
    assert (ranking[0].name, ranking[-1].name) == ("strong", "weak")
    assert (ranking[0].low, ranking[0].high, ranking[0].first) == (1, 1, 1.0)
    assert {(r.low, r.high) for r in ranking[1:3]} == {(2, 3)}
    assert sum(r.first for r in ranking) == pytest.approx(1)


def test_the_ranking_never_says_otherwise_than_every_recipe() -> None:
    """`a` is right on ten hard photographs beside those of `b`, and flips on all of them."""
    rows: dict[str, list[dict[str, Any]]] = {"a": [], "b": []}
    for recipe in ("one", "two"):
        rows["a"] += _flips("x" * 10 + "xx" + "." * 18, recipe=recipe)
        rows["b"] += _flips("w" * 10 + "xxxxx" + "." * 15, recipe=recipe)
    entrants = [_entrant(name, *own) for name, own in rows.items()]
    found = _compare(entrants)
    assert all(p.rate_a < p.rate_b for p in found.pairings)
    assert all(p.own_a.value > p.own_b.value for p in found.pairings)  # what it used to rank by
    assert [(r.name, r.score.value, r.score.n) for r in _ranks(entrants)] == [
        ("a", 2 / 20, 20),
        ("b", 5 / 20, 20),
    ]


def test_a_robust_model_has_a_high_attacked_accuracy() -> None:
    pair = [_entrant("weak", *_flips("xxxx......")), _entrant("strong", *_flips("x........."))]
    assert _ranks(pair, figure="accuracy_attacked")[0].name == "strong"


def test_equal_models_share_the_first_place() -> None:
    pair = [_entrant("a", *_flips("x.." * 4)), _entrant("b", *_flips("x.." * 4))]
    assert [r.place for r in _ranks(pair)] == [1, 1]
    assert [r.first for r in _ranks(pair)] == [0.5, 0.5]


def _written(folder: Path, *tables: pd.DataFrame) -> Path:
    """A run's folder with these predictions."""
    run = RunFolder(folder)
    rows = pd.concat(tables)
    models, classes = list(rows["model"].unique()), [f"class {i}" for i in range(40)]
    run.start(manifest(models, classes) | {"comparable": COMPARABLE})
    run.write_part(pa.Table.from_pandas(rows, SCHEMA, preserve_index=False), ["a"], [])
    return folder


def _model(name: str, flips: str = "x.x.x.x.") -> pd.DataFrame:
    return table(clean(model=name, sample="s000"), *(r | {"model": name} for r in _flips(flips)))


def test_models_are_read_from_run_folders_and_named_apart(tmp_path: Path) -> None:
    one = _written(tmp_path / "one", _model("m"), _model("other"))
    two = _written(tmp_path / "two", _model("m", "x......."))
    names = [e.name for e in read_entrants([one, two])]
    assert names == [f"m ({one})", "other", f"m ({two})"]
    assert compare(read_entrants([one, two])).pairings[0].difference.value == 0


def test_what_is_given_twice_is_counted_once_and_said(tmp_path: Path) -> None:
    run = _written(tmp_path / "run", _model("a"), _model("b", "........"))
    copy = _written(tmp_path / "copy", _model("a"), _model("b", "........"))
    once = compare(read_entrants([run]))
    found = compare(read_entrants([run, run, copy]))
    assert found.names == ("a", "b")
    assert found.pairings == once.pairings
    assert found.notes[0] == f"a was given again by {run}, {copy} and is counted once."


def test_one_model_given_twice_is_refused_with_the_reason(tmp_path: Path) -> None:
    run = _written(tmp_path / "run", _model("a"))
    with pytest.raises(UserError, match=r"same predictions of 'a' were given 3 times .*run'\)"):
        compare(read_entrants([run, run, run]))


def test_a_run_without_predictions_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").start(manifest(["a"], ["cat"]))
    with pytest.raises(UserError, match="no predictions yet"):
        read_entrants([tmp_path / "run"])
