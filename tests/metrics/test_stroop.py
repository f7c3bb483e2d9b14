import pandas as pd
import pytest

from typoattack.metrics.stroop import interference


def rows(sample: str, *answers: tuple[int, int, int]) -> list[dict[str, object]]:
    """Rows for one ink: (label, target, predicted) each."""
    return [
        {
            "model": "m",
            "task": "ink",
            "family": "attack",
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
