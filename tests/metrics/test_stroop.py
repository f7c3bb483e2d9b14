"""What colour words do to the answers about their ink, worked out by hand."""

import pandas as pd
import pytest

from typoattack.metrics.stroop import interference


def rows(
    sample: str, *answers: tuple[int, int, int], model: str = "m", family: str = "attack"
) -> list[dict[str, object]]:
    """Rows for one ink: (label, target, predicted) each."""
    return [
        {
            "model": model,
            "task": "ink",
            "family": family,
            "sample": sample,
            "label": label,
            "target": target,
            "predicted": predicted,
            "correct": predicted == label,
        }
        for label, target, predicted in answers
    ]


def test_interference_is_congruent_less_incongruent_accuracy() -> None:
    table = pd.DataFrame(
        [
            *rows("a", (0, 0, 0), (0, 1, 1), (0, 2, 0)),
            *rows("b", (1, 1, 1), (1, 0, 0), (1, 2, 2)),
        ]
    )
    (found,) = interference(table)
    assert found.congruent.value == 1
    assert found.incongruent.value == pytest.approx(0.25)
    assert found.intrusion.value == pytest.approx(0.75)
    assert found.interference.value == pytest.approx(0.75)
    assert found.interference.low < 0.75 <= found.interference.high
    assert found.interference.n == 2


def test_without_both_kinds_of_word_nothing_is_said() -> None:
    assert interference(pd.DataFrame(rows("a", (0, 1, 1), (0, 2, 0)))) == []
    objects = pd.DataFrame(rows("a", (0, 0, 0), (0, 1, 1))).assign(task="object")
    assert interference(objects) == []


BOTH = ((0, 0, 0), (0, 1, 1))


def test_clean_cards_and_words_that_name_no_colour_count_for_nothing() -> None:
    table = pd.DataFrame(
        [
            *rows("a", *BOTH, (0, -1, 7)),
            *rows("a", (0, 0, 5), family="clean"),
        ]
    )
    (found,) = interference(table)
    assert (found.congruent.value, found.incongruent.value, found.intrusion.value) == (1, 0, 1)


def test_a_sample_with_one_kind_of_word_is_left_out() -> None:
    (found,) = interference(pd.DataFrame([*rows("a", *BOTH), *rows("b", (1, 0, 1))]))
    assert (found.incongruent.value, found.incongruent.n) == (0, 1)


def test_each_model_has_its_own_and_one_that_was_not_asked_has_none() -> None:
    table = pd.DataFrame(
        [
            *rows("a", *BOTH, model="z"),
            *rows("a", (0, 0, 0), (0, 1, 0), model="a"),
            *rows("a", (0, 1, 0), model="half"),
        ]
    )
    found = interference(table)
    assert [(one.model, one.interference.value) for one in found] == [("a", 0), ("z", 1)]


def test_shares_and_their_difference_lie_in_their_bounds() -> None:
    (found,) = interference(pd.DataFrame(rows("a", *BOTH)))
    for share in (found.congruent, found.incongruent, found.intrusion):
        assert (share.low, share.high) == (0, 1)
    assert (found.interference.low, found.interference.high) == (-1, 1)


def test_the_seed_and_the_models_name_key_the_interval() -> None:
    words = range(1, 7)
    table = pd.DataFrame(
        [
            row
            for i in range(30)
            for row in rows(
                f"{i}", (0, 0, 0), *((0, word, word * (word < i % 7)) for word in words)
            )
        ]
    )
    (found,) = interference(table)
    assert (found,) == tuple(interference(table, seed=0))
    for other in (interference(table, seed=1), interference(table.assign(model="n"))):
        assert other[0].interference.value == found.interference.value
        assert other[0].interference != found.interference
