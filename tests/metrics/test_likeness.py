"""Whether answers switch more where the word is like them (Lemesle et al. 2022)."""

import pytest
from made_tables import table

from typoattack.metrics.likeness import likeness, spelling, to_frame
from typoattack.metrics.outcomes import outcomes

NAMES = ["cat", "bat", "dog", "car"]
RECIPE = {"recipe": "lemesle2022"}


def test_spelling_is_jaro_and_winklers_similarity() -> None:
    """The pairs that Winkler 1990 and jellyfish's own documentation give."""
    assert spelling("martha", "marhta") == pytest.approx(0.9611, abs=1e-4)
    assert spelling("dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert spelling("cat", "cat") == 1
    assert spelling("cat", "dog") == 0


def rows(like_switches: bool) -> object:
    made = []
    for number in range(12):
        word, target = (("bat", 1), ("dog", 2))[number % 2]
        like = word == "bat"
        made.append(
            {
                **RECIPE,
                **{"sample": f"s{number}", "word": word, "target": target},
                "predicted": target if like == like_switches else 0,
                "clean_sim_word": 0.3 if like else 0.1,
            }
        )
    return outcomes(table(*made))


@pytest.mark.parametrize("like_switches", [True, False])
def test_the_difference_says_which_words_switch_an_answer(like_switches: bool) -> None:
    found = {one.kind: one for one in likeness(rows(like_switches), NAMES)}
    sign = 1 if like_switches else -1
    bat = spelling("bat", "cat")
    assert found["spelling"].switched == (bat if like_switches else 0)
    assert found["spelling"].kept == (0 if like_switches else bat)
    assert found["spelling"].difference.value == pytest.approx(sign * bat)
    assert found["meaning"].difference.value == pytest.approx(sign * 0.2)
    assert found["spelling"].difference.low * sign > 0
    assert found["spelling"].pictures == (6, 6)
    assert list(to_frame(list(found.values()))["likeness"]) == ["spelling", "meaning"]


def test_a_word_that_was_the_answer_already_counts_nowhere() -> None:
    same = {**RECIPE, "sample": "z", "clean_predicted": 1, "predicted": 2, "target": 1}
    only = outcomes(table(same))
    assert likeness(only, NAMES) == []


def test_other_recipes_have_none_and_without_a_switch_there_is_no_difference() -> None:
    assert likeness(outcomes(table({"sample": "a"})), NAMES) == []
    kept = outcomes(table({**RECIPE, "sample": "a"}, {**RECIPE, "sample": "b"}))
    (one, _) = likeness(kept, NAMES)
    assert not one.difference
    assert one.pictures == (0, 2)
