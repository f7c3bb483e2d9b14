"""`typoattack list` shows what there is."""

import pytest

from typoattack.cli.listing import LISTINGS


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("recipes", "handwritten-note"),
        ("models", "local-dir:PATH"),
        ("defences", "mask-text"),
        ("suites", "quick"),
        ("datasets", "hf:NAME[:SPLIT]"),
        ("words", "nearest"),
        ("fonts", "caveat"),
        ("formats", "parquet"),
        ("figures", "flip_rate"),
    ],
)
def test_list_shows_each_kind_of_part(typoattack, kind: str, shown: str) -> None:
    done = typoattack("list", kind)
    assert done.status == 0
    assert shown in done.out
    assert kind in typoattack("list", "--help").out


def test_without_a_kind_the_kinds_are_listed(typoattack) -> None:
    done = typoattack("list")
    assert done.status == 0
    listed = [line.split()[0] for line in done.out.splitlines() if line.strip()]
    assert listed[1:] == list(LISTINGS)
    assert "--recipe" in done.out


def test_a_kind_that_there_is_not_is_refused_with_what_there_is(typoattack) -> None:
    done = typoattack("list", "recipe")
    assert done.status == 2
    assert "recipes" in done.err


def test_a_suites_recipes_are_said_to_stand_in_its_file(typoattack) -> None:
    done = typoattack("list", "suites", "quick")
    assert done.status == 2
    assert "the recipes of 'quick' stand in" in done.err
    assert "quick.yaml" in done.err
