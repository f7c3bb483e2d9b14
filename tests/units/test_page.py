"""What a study hands to a report page: its model, and flips whose pictures a run finds again."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.units.conftest import RECIPE, RED, SIDE, Planted, cards
from typoattack.api import Run
from typoattack.metrics.intervals import wilson
from typoattack.runner.execute import execute
from typoattack.suite import load_suite
from typoattack.units.curve import Point
from typoattack.units.page import exciting_words, summary, write_study
from typoattack.units.section import read_section
from typoattack.units.sheet import SheetRow, contact_sheet
from typoattack.units.study import Study, StudyPlan, study


@pytest.fixture(scope="module")
def done(planted: Planted) -> Study:
    plan = StudyPlan(
        cards=cards(),
        parts=("text", "flips"),
        permutations=1999,
        recipe=RECIPE,
        words="fixed:red",
        flips=2,
        check=1,
    )
    layer = planted.inside.layer("mlp.0")
    return study(planted.inside, [layer], planted.photographs, plan)


def test_flips_name_pictures_that_a_run_with_the_same_seed_draws(
    done: Study, planted: Planted, tmp_path: Path
) -> None:
    suite = load_suite("quick", {"recipes": [f"{RECIPE} @ fixed:red"], "models": ["x"]})
    suite = replace(suite, canvas=SIDE)
    model = planted.inside.model
    run: Run = Run(execute(suite, [model], planted.photographs.dataset, tmp_path / "run"))
    rows = run.predictions[run.predictions["family"] == "attack"].set_index("sample")
    section = summary(done)
    assert (section.model, section.fingerprint) == (model.name, model.fingerprint)
    assert len(section.flips) == 2
    for flip in section.flips:
        row = rows.loc[flip.sample]
        assert (flip.pixels, flip.word) == (row["pixels"], row["word"])
        assert flip.answer == "red" != flip.label
        first, second = flip.units[:2]
        assert first.label == str(RED)
        assert first.words[0] == "red"
        assert first.measured is not None
        assert second.measured is None


def test_words_that_leave_a_unit_cold_are_not_said_to_excite_it(done: Study) -> None:
    one = done.layers[0]
    silent = replace(one, words=one.words.assign(standard_score=0.0))
    assert exciting_words(one, RED)[0] == "red"
    assert exciting_words(silent, RED) == []


def _point(order: str, removed: int, right: int, turned: int) -> Point:
    flips, blank, clean = (
        wilson((np.arange(n) < count).astype(float))
        for count, n in ((turned, right), (1, right), (right, 12))
    )
    return Point(order, removed, flips, blank, flips, clean)


def test_the_curve_is_told_at_the_units_found_and_beside_as_many_at_random(done: Study) -> None:
    found = len(done.layers[0].scores["text"].found())
    assert found > 0
    points = (
        _point("best first", 0, 10, 9),
        _point("best first", found, 10, 2),
        _point("best first", 128, 0, 0),
        _point("random", found, 10, 8),
    )
    told = summary(replace(done, curve=points)).sentences
    start = f"Without the {found} text units {RECIPE} flips 20.0 % ["
    (said,) = (sentence for sentence in told if sentence.startswith(start))
    assert f"without as many in random order {RECIPE} flips 80.0 % [" in said
    assert f"With every unit in place {RECIPE} flips 90.0 % [" in " ".join(told)
    assert "Without any of the 128 units no photograph is answered correctly" in " ".join(told)


def test_a_written_study_is_read_back_with_its_flips(done: Study, tmp_path: Path) -> None:
    section = write_study(done, tmp_path)
    assert read_section(tmp_path) == section
    names = [name for _, name in section.pictures]
    assert names[-1] == "flips.png"
    for name in names:
        assert Image.open(io.BytesIO((tmp_path / name).read_bytes())).width >= 600


def test_a_sheet_without_photographs_has_no_heading_over_them() -> None:
    card = (Image.new("RGB", (8, 8), "red"), "a word")
    rows = [SheetRow("unit", (), ((), (card,)))]
    sheets = [contact_sheet("all", (head, "words"), rows) for head in ("photographs", "")]
    assert sheets[0].tobytes() == sheets[1].tobytes()
