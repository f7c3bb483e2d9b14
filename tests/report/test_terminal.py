"""The table of a run at the widths that terminals have, and without a terminal."""

import io
import re

import pytest
from made_tables import simulated
from rich.console import Console

from typoattack.metrics.summaries import RecipeSummary, summarise
from typoattack.report.terminal import SIDE_BY_SIDE, terminal_tables

RECIPES = {"handwritten-note": 0.6, "repeated-overlay": 0.9, "blank-label(handwritten-note)": 0.2}


def printed(width: int, models: int = 1, tasks: tuple[str, ...] = ("object",)) -> str:
    console = Console(file=io.StringIO(), width=width)
    for table in terminal_tables(summaries(models, tasks), width):
        console.print(table)
    out: str = console.file.getvalue()  # type: ignore[attr-defined]
    return out


def summaries(models: int, tasks: tuple[str, ...] = ("object",)) -> list[RecipeSummary]:
    names = tuple(f"model-{n}" for n in range(models))
    found = []
    for task in tasks:
        rows = simulated(30, RECIPES, models=names).assign(task=task)
        found += summarise(rows, resamples=50)
    return found


@pytest.mark.parametrize("width", [40, 80, 120, 200, 10_000])
@pytest.mark.parametrize("models", [1, 2, 6, 7])
def test_names_and_numbers_are_whole_at_every_width(width: int, models: int) -> None:
    said = printed(width, models)
    for recipe in ("handwritten-note", "repeated-overlay"):
        assert recipe in said
    lines = said.splitlines()
    assert max(map(len, lines)) <= width
    for figure in re.findall(r"\[\S+,[^\]]*", said.split("95 %")[0]):
        assert re.fullmatch(r"\[\S+, \S+", figure), figure
    assert "control(" not in said
    for model in range(models):
        assert models == 1 or f"model-{model}" in said


def test_a_control_stands_under_its_attack_by_its_kind() -> None:
    lines = printed(200).splitlines()
    attack = next(n for n, line in enumerate(lines) if line.startswith(" handwritten-note"))
    assert lines[attack + 1].startswith("   blank")


def test_with_room_the_interval_is_beside_and_without_under_the_figure() -> None:
    assert re.search(r"\d %  ?\[\d", printed(200))
    narrow = printed(80)
    assert not re.search(r"\d % \[\d", narrow.split("95 %")[0])
    assert "Reading" in narrow
    assert "no room" not in narrow


def test_what_has_no_room_is_left_out_and_named() -> None:
    said = " ".join(printed(40).split())
    assert "no room for targeted success" in said.replace(
        "no room for targeted", "no room for targeted"
    )
    assert "Flip" in said


def test_up_to_six_models_stand_side_by_side_and_more_one_under_the_other() -> None:
    two = printed(200, 2)
    assert two.count("handwritten-note") == 1
    assert "flip rate of the photographs right when clean" in " ".join(two.split())
    many = printed(200, SIDE_BY_SIDE + 1)
    assert many.count("handwritten-note") >= SIDE_BY_SIDE + 1
    assert "Targeted" in many


def test_models_that_have_no_room_beside_one_another_stand_one_under_the_other() -> None:
    assert printed(60, 6).count("handwritten-note") >= 6


def test_each_question_has_its_table() -> None:
    said = printed(200, 1, ("object", "ink"))
    assert "question: ink" in said
    assert said.count("handwritten-note") == 2
