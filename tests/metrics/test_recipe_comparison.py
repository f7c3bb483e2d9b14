"""Yellow labels or white ones: two recipes on the same photographs."""

from dataclasses import replace
from typing import Any

import pytest
from made_tables import table

from typoattack.core.errors import UserError
from typoattack.metrics.comparison import Entrant
from typoattack.metrics.recipe_comparison import compare_recipes

WHITE, YELLOW = "printed-label(paper='white')", "printed-label(paper='yellow')"


def _attack(recipe: str, flips: str, **given: Any) -> list[dict[str, Any]]:
    """A row a letter: `x` a flip, `.` none, `w` wrong already when clean."""
    return [
        {
            **{"sample": f"s{i:03d}", "recipe": recipe, "predicted": int(letter != ".")},
            **({"clean_predicted": 9} if letter == "w" else {}),
            **given,
        }
        for i, letter in enumerate(flips)
    ]


def _entrant(*rows: dict[str, Any], name: str = "m") -> Entrant:
    return Entrant(name, {}, table(*rows))


def test_two_recipes_are_paired_by_photograph() -> None:
    rows = [*_attack(WHITE, "x.......ww"), *_attack(YELLOW, "xxxxxxx.xx")]
    (one,) = compare_recipes([_entrant(*rows)]).pairings
    assert (one.model, one.a, one.b, one.difference.n) == ("m", WHITE, YELLOW, 8)
    assert (one.rate_a, one.rate_b, one.difference.value) == (1 / 8, 7 / 8, 6 / 8)
    assert one.p == one.p_holm == 2 / 2**6


def test_without_names_all_settings_of_one_recipe_are_compared_and_holm_runs_over_them() -> None:
    rows = [*_attack(WHITE, "." * 8), *_attack(YELLOW, "x" * 8), *_attack("plain", "x" * 8)]
    rows += _attack("printed-label", "x" * 8)
    found = compare_recipes([_entrant(*rows)])
    assert [(p.a, p.b) for p in found.pairings] == [
        ("printed-label", WHITE),
        ("printed-label", YELLOW),
        (WHITE, YELLOW),
    ]
    assert [p.p_holm for p in found.pairings] == [6 / 2**8, 1, 6 / 2**8]


def test_named_recipes_are_compared_under_each_model_in_the_order_given() -> None:
    rows = [*_attack("plain", "x" * 8), *_attack(WHITE, "." * 8), *_attack(YELLOW, "." * 8)]
    found = compare_recipes([_entrant(*rows), _entrant(*rows, name="n")], [YELLOW, "plain"])
    assert [(p.model, p.a, p.b) for p in found.pairings] == [
        ("m", YELLOW, "plain"),
        ("n", YELLOW, "plain"),
    ]
    assert [p.p_holm for p in found.pairings] == [2 / 2**8] * 2


def test_a_recipe_is_found_however_its_parameters_are_written() -> None:
    rows = [*_attack("handwritten-note(size=0.3)", "x" * 8), *_attack("plain", "." * 8)]
    (one,) = compare_recipes(
        [_entrant(*rows)], ["handwritten-note( size = 0.30 )", "plain"]
    ).pairings
    assert one.a == "handwritten-note(size=0.3)"


def test_a_run_given_twice_is_counted_once_and_said() -> None:
    rows = [*_attack(WHITE, "x" * 8), *_attack(YELLOW, "x" * 8)]
    found = compare_recipes([replace(_entrant(*rows), repeats=("runs/copy",))])
    assert found.notes == ("m was given again by runs/copy and is counted once.",)


def test_controls_are_not_compared() -> None:
    control = {"family": "control", "control": "blank"}
    rows = [*_attack(WHITE, "x" * 8), *_attack("printed-label(paper='red')", "." * 8, **control)]
    with pytest.raises(UserError, match="no two of its attacks are one recipe"):
        compare_recipes([_entrant(*rows)])


def test_what_cannot_be_compared_is_refused_in_words() -> None:
    rows = [*_attack(WHITE, "x.x"), *_attack(YELLOW, "x..")]
    for wanted, said in (
        ((), "m: 3 photographs count for both .*comparing needs 6"),
        (("plain", WHITE), "unknown attack of this run 'plain'"),
        ((WHITE, WHITE), "named twice"),
    ):
        with pytest.raises(UserError, match=said):
            compare_recipes([_entrant(*rows)], wanted)
    with pytest.raises(UserError, match="cannot compare 'speed'"):
        compare_recipes([_entrant(*rows)], figure="speed")


def test_recipes_with_other_words_are_compared_and_that_is_said() -> None:
    rows = [*_attack(WHITE, "x" * 8, word="cat"), *_attack(YELLOW, "x" * 8, word="dog")]
    assert compare_recipes([_entrant(*rows)]).notes == (
        f"m: 8 of 8 pictures bear different words under {WHITE} and {YELLOW}, so words are part "
        "of their difference.",
    )


def test_words_that_decide_keep_their_photographs_together_whichever_side_bears_them() -> None:
    """Under `sign` one word of eight always flips and no other does; under `note` nothing does."""
    lines = []
    for n in range(240):
        own = {"sample": f"s{n}", "label": n, "clean_predicted": n}
        lines.append({**own, "recipe": "note", "word": f"note {n}", "target": -1, "predicted": n})
        word = n % 8
        lines.append({**own, "recipe": "sign", "word": f"sign {word}", "target": -1,
                      "predicted": n if word else n + 1})  # fmt: skip
    one = Entrant("m", {"comparable": {}}, table(*lines))
    (found,) = compare_recipes([one], ["note", "sign"]).pairings
    assert found.grouped == "sample × word"
    assert found.p > 0.1, "eight words, of which one flips, show nothing of other words"
