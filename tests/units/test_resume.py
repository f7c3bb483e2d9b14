"""A study that was killed goes on where it stopped, to the same result bit by bit."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tests.units.conftest import RECIPE, SIDE, Planted, cards
from typoattack.cli import main
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.findings import Study
from typoattack.units.finished import UNFINISHED
from typoattack.units.photographs import Photographs, usable_photographs
from typoattack.units.plan import StudyPlan
from typoattack.units.study import StudyOptions, study

PLAN = StudyPlan(
    cards=cards(), recipe=RECIPE, words="fixed:red", permutations=199, repeats=2, flips=2, check=3
)


@pytest.fixture(autouse=True)
def _code_that_nobody_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an editor's save between two studies of a test would make the second begin anew."""
    monkeypatch.setattr("typoattack.units.study.code_fingerprint", lambda: "one version")


class Killed(Exception):
    """As if the process had ended here."""


def killed_at(stage: str, moment: int) -> Callable[[str, int, int], None]:
    def told(now: str, done: int, total: int) -> None:
        if now == stage and done >= moment:
            raise Killed

    return told


def work(planted: Planted, options: StudyOptions, plan: StudyPlan = PLAN) -> Study:
    layers = [planted.inside.layer("mlp.0"), planted.inside.layer("heads.1")]
    return study(planted.inside, layers, planted.photographs, plan, options)


def assert_same(one: Study, other: Study) -> None:
    for name in ("units_frame", "groups_frame", "words_frame", "curve_frame", "flips_frame"):
        found, expected = getattr(one, name)(), getattr(other, name)()
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert one.flip_count == other.flip_count
    for left, right in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(left.photographs.values, right.photographs.values)
    assert one.attacks is not None
    assert other.attacks is not None
    for kind, inputs in one.attacks.inputs.items():
        np.testing.assert_array_equal(inputs, other.attacks.inputs[kind])


@pytest.fixture
def passes(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of pictures of every forward pass."""
    counted: list[int] = []
    model = planted.inside.model
    whole = model.encode_image

    def encode_image(batch: torch.Tensor) -> torch.Tensor:
        counted.append(len(batch))
        return whole(batch)

    monkeypatch.setattr(model, "encode_image", encode_image)
    return counted


def test_killed_at_one_moment_after_another_it_comes_to_the_same_result(
    planted: Planted, tmp_path: Path, passes: list[int]
) -> None:
    (tmp_path / "whole").mkdir()
    undisturbed = work(planted, StudyOptions(tmp_path / "whole", 8))
    in_all = sum(passes)
    found: list[str] = []
    for stage, moment in (
        ("photographs", 8),
        ("word cards", 24),
        ("colour cards", 100),
        ("attacks", 5),
        ("ablations", 4),
        ("ablations", 20),
        ("flips", 1),
    ):
        with pytest.raises(Killed):
            work(planted, StudyOptions(tmp_path / "s", 8, progress=killed_at(stage, moment)))
    passes.clear()
    resumed = work(planted, StudyOptions(tmp_path / "s", 8, found=found.append))
    assert_same(resumed, undisturbed)
    assert resumed.attacks is not None
    cards_shown = ["photographs", "word cards", "blank cards", "colour cards"]
    scored = ["text scores", "multimodal scores", "colour scores"]
    assert found == [*cards_shown, *scored, "attacks", "ablations"]
    # Only the flips are worked out again: two embeddings of every attacked photograph.
    assert sum(passes) == 2 * len(resumed.attacks) < in_all / 10


def test_another_setting_is_worked_out_anew_and_what_it_does_not_touch_is_kept(
    planted: Planted, tmp_path: Path
) -> None:
    def found_by(plan: StudyPlan, size: int = 8) -> list[str]:
        found: list[str] = []
        work(planted, StudyOptions(tmp_path, size, found=found.append), plan)
        return found

    plan = replace(PLAN, parts=("text",))
    assert found_by(plan) == []
    whole = ["photographs", "word cards", "blank cards"]
    assert found_by(plan) == [*whole, "text scores"]
    assert found_by(replace(plan, permutations=99)) == whole
    assert found_by(replace(plan, seed=1)) == whole
    assert found_by(replace(plan, cards=cards(seed=3))) == ["photographs"]
    assert found_by(plan, size=4) == []


def test_a_changed_photograph_of_the_same_name_is_recorded_anew(
    planted: Planted, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    shutil.copytree(planted.photo_folder, root)

    def opened() -> Photographs:
        return usable_photographs(open_dataset(DatasetSpec(f"folder:{root}")), canvas=SIDE)

    layers, plan = [planted.inside.layer("mlp.0")], replace(PLAN, parts=())
    for expected in ([], ["photographs", "word cards"]):
        found: list[str] = []
        study(
            planted.inside, layers, opened(), plan, StudyOptions(tmp_path / "s", found=found.append)
        )
        assert found == expected
    path = root / "red" / "3.png"
    picture = Image.open(path).convert("RGB")
    picture.putpixel((5, 5), (0, 255, 0))
    picture.save(path)
    found = []
    study(planted.inside, layers, opened(), plan, StudyOptions(tmp_path / "s", found=found.append))
    assert found == []


def test_the_command_goes_on_from_a_study_that_was_interrupted(
    planted: Planted,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(out: Path) -> int:
        arguments = ["units", planted.name, "-d", f"folder:{planted.photo_folder}"]
        arguments += ["--layer", "mlp.0", "--limit", "8", "--show-words", "2", "--recipe", RECIPE]
        arguments += ["--permutations", "99", "--random-orders", "1", "--parts", "text,curve"]
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--out", str(out)])
        return int(str(left.value.code))

    assert run(tmp_path / "whole") == 0
    with monkeypatch.context() as patched:
        told = killed_at("ablations", 6)

        def interrupted(_: object, stage: str, done: int, total: int) -> None:
            try:
                told(stage, done, total)
            except Killed:
                raise KeyboardInterrupt from None

        patched.setattr("typoattack.cli.progress.StageProgress.__call__", interrupted)
        assert run(tmp_path / "out") == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == [UNFINISHED]
    assert "the same command goes on" in capsys.readouterr().err
    assert run(tmp_path / "out") == 0
    said = capsys.readouterr().err
    for name in ("photographs", "word cards", "attacks", "ablations"):
        assert f"{name}: taken from what an unfinished study left" in said
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "out").iterdir())
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
