"""Dose–response curves are found from how recipes print."""

import pytest

from typoattack.recipes import parse_recipe
from typoattack.report.sweeps import Sweep, find_sweeps


def test_recipes_that_differ_in_one_number_are_a_sweep() -> None:
    default = parse_recipe("printed-label").size  # type: ignore[attr-defined]
    labels = ["printed-label(size=0.9)", "printed-label(size=0.05)", "printed-label"]
    points = ((0.05, labels[1]), (default, labels[2]), (0.9, labels[0]))
    assert find_sweeps(labels) == [Sweep("printed-label", "size", "", points)]


def test_other_parameters_and_words_keep_sweeps_apart() -> None:
    labels = [
        f"printed-label(size={size}{tilt}){words}"
        for size in (0.1, 0.2, 0.31)
        for tilt, words in (("", ""), ("", " @ nearest"), (", tilt=5.0", ""))
    ]
    found = find_sweeps(labels)
    fixed = [("size", ""), ("size", "words: nearest"), ("size", "tilt=5.0")]
    assert [(s.parameter, s.fixed) for s in found] == fixed
    assert all(len(s.points) == 3 for s in found)


@pytest.mark.parametrize(
    "labels",
    [
        ["printed-label(size=0.1)", "printed-label(size=0.2)"],
        ["printed-label(size=0.1)"] * 5,
        ["a-plugin-gone(size=0.1)", "a-plugin-gone(size=0.2)", "a-plugin-gone(size=0.3)"],
        ["printed-label", "plain-overlay", "handwritten-note"],
        [],
    ],
)
def test_too_few_points_or_unknown_recipes_make_no_sweep(labels: list[str]) -> None:
    assert find_sweeps(labels) == []
