from pathlib import Path

import pytest

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.runner.draw import pixel_fingerprint
from typoattack.runner.redraw import RunPainter
from typoattack.suite import parse_suite


@pytest.fixture
def run(photo_folder: Path, tiny_clip: Path, tmp_path: Path) -> Run:
    text = (
        "question: q\nrecipes: [printed-label, handwritten-note @ nearest]\ncontrols: [blank]\n"
        f"canvas: 96\ndataset: 'folder:{photo_folder}'\nmodels: ['local-dir:{tiny_clip}']"
    )
    suite = parse_suite(text, "s")
    machine = Machine("cpu")
    return ta.run(suite, out=tmp_path / "run", machine=machine)


def test_every_picture_of_a_run_is_drawn_again_from_its_row(run: Run) -> None:
    paint = RunPainter(run.folder)
    for row in run.predictions.to_dict("records"):
        image = paint(row)
        assert image is not None
        assert pixel_fingerprint(image) == row["pixels"]


def test_a_photograph_that_changed_is_not_passed_off_as_the_old_one(
    run: Run, photo_folder: Path
) -> None:
    (photo_folder / "cat" / "0.png").write_bytes((photo_folder / "dog" / "0.png").read_bytes())
    rows = run.predictions.to_dict("records")
    shown = {row["sample"] for row in rows if RunPainter(run.folder)(row) is not None}
    assert "cat/0.png" not in shown
    assert "cat/1.png" in shown


def test_the_report_has_pictures_and_none_when_the_photographs_are_gone(
    run: Run, photo_folder: Path
) -> None:
    with_pictures = run.report().read_text()
    assert "data:image/" in with_pictures
    photo_folder.rename(photo_folder.with_name("elsewhere"))
    assert len(run.report().read_text()) < len(with_pictures)
