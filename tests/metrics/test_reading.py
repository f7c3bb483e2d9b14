"""Reading beside robustness: shares by hand, corners, and what a defence costs."""

import math

import numpy as np
import pandas as pd
import pytest
from made_runs import parts
from made_tables import clean, table

from typoattack.metrics.intervals import Figure, wilson
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.reading import Corner, Price, Reading, by_corner, prices, readings


def answers(model: str, read: list[bool], words: list[str] | None = None) -> pd.DataFrame:
    count = len(read)
    return pd.DataFrame(
        {
            "model": model,
            "picture": [f"p{n}" for n in range(count)],
            "word": words or [f"word {n}" for n in range(count)],
            "form": ["word", "sentence"] * (count // 2),
            "style": "printed",
            "size": [0.05, 0.1, 0.2, 0.2] * (count // 4),
            "candidates": [["a", "b", "c", "d"]] * count,
            "read": read,
        }
    )


def test_reading_is_the_share_picked_with_wilsons_interval_and_told_by_sort() -> None:
    rows = answers("m", [True, False, True, True] * 10)
    (found,) = readings(rows)
    assert found.reads == wilson(rows["read"].to_numpy(np.float64))
    assert found.reads.value == 0.75
    assert found.chance == 0.25
    assert found.middle == pytest.approx(0.625)
    assert {value: share.value for value, share in found.by["size"].items()} == {
        "small": 1.0, "middling": 0.0, "large": 1.0,
    }  # fmt: skip
    assert found.by["form"]["word"].value == 1.0
    assert found.by["form"]["sentence"].value == 0.5


def test_words_that_come_again_make_the_interval_wider() -> None:
    read = [True] * 20 + [False] * 20
    (alone,) = readings(answers("m", read))
    (again,) = readings(answers("m", read, [f"word {n // 4}" for n in range(40)]))
    assert again.reads.value == alone.reads.value
    assert again.reads.clusters == 10
    assert again.reads.high - again.reads.low > 1.3 * (alone.reads.high - alone.reads.low)


def share(value: float, reach: float = 0.05) -> Figure:
    return Figure(value, value - reach, value + reach, 100, "wilson")


def price(kept: Figure, reads: Figure | None) -> Price:
    reading = None if reads is None else Reading("m", reads, 0.1, {})
    return Price("m", kept, 4, share(0.9), reading)


@pytest.mark.parametrize(
    ("kept", "reads", "corner"),
    [
        (0.9, 0.9, Corner.READS_SAFE),
        (0.1, 0.9, Corner.READS_MISLED),
        (0.9, 0.1, Corner.BLIND_SAFE),
        (0.1, 0.1, Corner.BLIND_FALLS),
        (0.9, 0.55, Corner.BETWEEN),  # half way between guessing (0.1) and all
        (0.52, 0.9, Corner.BETWEEN),
    ],
)
def test_a_corner_is_named_where_neither_interval_holds_a_line(
    kept: float, reads: float, corner: Corner
) -> None:
    assert price(share(kept), share(reads)).corner is corner


def test_without_reading_there_is_no_corner() -> None:
    assert price(share(0.9), None).corner is None


def _rows(model: str, right: int, flips: tuple[int, int]) -> list[dict[str, object]]:
    """20 photographs, the first `right` right when clean, of which two attacks flip so many."""
    made: list[dict[str, object]] = []
    for i in range(20):
        before = 0 if i < right else 7
        about = {"model": model, "sample": f"{i:02d}", "clean_predicted": before}
        made.append(clean(**about, predicted=before))
        for recipe, count in zip(("one", "two"), flips, strict=True):
            made.append({**about, "recipe": recipe, "predicted": 1 if i < count else before})
    return made


def entry(name: str) -> dict[str, object]:
    return {"name": name} | parts(name)


def test_what_is_kept_is_the_mean_over_attacks_on_photographs_right_when_clean() -> None:
    counted = outcomes(table(*_rows("m", 16, (12, 4))))
    (found,) = prices(counted, [entry("m")])
    assert found.kept.value == pytest.approx(1 - (12 + 4) / 32)
    assert found.kept.low < found.kept.value < found.kept.high
    assert (found.attacks, found.kept.n) == (2, 16)
    assert found.clean.value == 0.8
    assert (found.undefended, bool(found.lost), math.isnan(found.unread)) == ("", False, True)


def test_a_defence_is_charged_what_it_loses_against_the_same_model_without_it() -> None:
    rows = [*_rows("m", 16, (12, 4)), *_rows("m + mirror", 12, (2, 2)), *_rows("other", 20, (0, 0))]
    read = [Reading("m", share(0.9), 0.1, {}), Reading("m + mirror", share(0.4), 0.1, {})]
    names = ["m", "m + mirror", "other"]
    found = prices(outcomes(table(*rows)), [entry(name) for name in names], read)
    mirrored = found[1]
    assert mirrored.undefended == "m"
    assert mirrored.lost.value == pytest.approx(4 / 20)
    assert mirrored.lost.low < 0.2 < mirrored.lost.high
    assert mirrored.unread == pytest.approx(0.5)
    assert [one.undefended for one in found] == ["", "m", ""]


def test_a_model_that_was_never_right_has_no_price() -> None:
    assert prices(outcomes(table(*_rows("m", 0, (0, 0)))), [entry("m")]) == []


def test_models_are_listed_by_corner() -> None:
    def named(name: str, kept: float) -> Price:
        return Price(name, share(kept), 1, share(1), Reading(name, share(0.9), 0.1, {}))

    found = dict(by_corner([named("a", 0.1), named("b", 0.9), named("c", 0.1)]))
    assert found == {Corner.READS_SAFE: ["b"], Corner.READS_MISLED: ["a", "c"]}
