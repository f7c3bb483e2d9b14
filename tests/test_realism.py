"""Notes are found and measured alike, drawn or photographed, and the page says what was found."""

import functools
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from tests.real_data import FOLDER, needs_rta
from typoattack.core.randomness import stream
from typoattack.drawing.finish import reread
from typoattack.recipes import parse_recipe
from typoattack.samples import DatasetSpec, open_dataset

pytest.importorskip("rapidocr")
pytest.importorskip("sklearn")
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import realism
from note_finder import Note, find_note
from note_measures import LOOK, TRACES, measured
from realism import Found, report, told_apart

SPEC = 'handwritten-note(font="patrick-hand", paper="yellow", place="0.9,0.9", finish="drawn")'


@functools.cache
def photograph() -> Image.Image:
    image: Image.Image = open_dataset(DatasetSpec("bundled"))[2].image
    return image.resize((448, 448))


@functools.cache
def found() -> tuple[Image.Image, Note]:
    picture = parse_recipe(SPEC)(photograph(), "pizza", stream(3)).image
    note = find_note(picture, "pizza")
    assert isinstance(note, Note), note
    return picture, note


def test_the_finder_finds_the_paper_and_the_letters() -> None:
    picture, note = found()
    recipe = parse_recipe(SPEC)
    bare = recipe(photograph(), "pizza", stream(3), ink=False).image
    paper = np.abs(np.asarray(bare, int) - np.asarray(photograph(), int)).max(axis=2) > 40
    both = (note.mask & paper).sum() / (note.mask | paper).sum()
    assert both > 0.7
    ink = np.abs(np.asarray(picture, int) - np.asarray(bare, int)).max(axis=2) > 60
    assert (note.ink & ink).sum() > 0.7 * note.ink.sum()


def test_the_finder_says_why_there_is_no_note() -> None:
    assert find_note(photograph(), "pizza") == "word not read"
    picture, _ = found()
    assert find_note(picture, "rhinoceros") == "word not read"
    plain = Image.new("RGB", (448, 448), (240, 240, 235))
    written = parse_recipe('plain-overlay(outline=0.0, fill="black")')(plain, "pizza", stream(1))
    assert find_note(written.image, "pizza") in ("runs off the picture", "too small or too large")


def test_every_figure_has_a_meaning_and_is_measured() -> None:
    figures = measured(*found())
    assert set(figures) == {*LOOK, *TRACES}
    assert figures["coverage"] == pytest.approx(found()[1].mask.mean())
    assert figures["contrast"] > 0 < figures["ink_contrast"]
    assert 0.005 < figures["stroke"] < 0.2


@pytest.mark.parametrize(
    ("figure", "change"),
    [
        ("border_blur", lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5))),
        ("stroke_blur", lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5))),
        ("blocks", lambda picture: reread(picture, 40)),
        ("empty", lambda picture: reread(picture, 40)),
        ("noise_lag", lambda picture: picture.filter(ImageFilter.GaussianBlur(1.0))),
    ],
)
def test_a_figure_rises_with_what_it_measures(figure: str, change: object) -> None:
    assert callable(change)
    picture, note = found()
    assert measured(change(picture), note)[figure] > 1.2 * max(
        measured(picture, note)[figure], 0.05
    )


def _rows(shift: float, key: str) -> pd.DataFrame:
    rng = stream(key)
    rows = pd.DataFrame({name: rng.normal(shift, 1, 72) for name in (*LOOK, *TRACES)})
    return rows.assign(source="goh", group=[f"object {n % 12}" for n in range(72)])


def test_kinds_that_do_not_differ_are_not_told_apart_and_others_are() -> None:
    alike, _ = told_apart(_rows(0, "a"), _rows(0, "b"))
    other = _rows(0, "b").assign(noise=lambda rows: rows["noise"] + 3)
    apart, by = told_apart(_rows(0, "a"), other)
    assert alike < 0.65
    assert apart > 0.85
    assert by[0][0] == "noise"


def test_the_page_has_shares_medians_and_meanings() -> None:
    real = Found("photographed", _rows(0, "a"), 150, ())
    page = report(real, [Found("handwritten-note", _rows(3, "b"), 130, ())], "python x.py")
    assert "python x.py" in page
    assert "72 of 150\nphotographed ones; of drawn ones `handwritten-note` 72 of 130" in page
    (row,) = re.findall(r"`handwritten-note` \| Goh et al. 2021 \| 72, 72 \| (\d+) %", page)
    assert int(row) > 90
    assert "RTA-100:" in page
    for name in (*LOOK, *TRACES):
        assert f"| {name} |" in page


def test_the_page_says_whether_the_photographs_were_resampled() -> None:
    real = Found("photographed", _rows(0, "a"), 150, ())
    assert "own size, nothing resampled" in report(real, [], "x")
    assert "on a canvas of 448" in report(real, [], "x", 448)


def test_without_photographs_nothing_is_written_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["realism.py", "--data", str(tmp_path), "--out", str(out)])
    realism.main()
    assert "no photographs with notes" in capsys.readouterr().out
    assert not out.exists()


@needs_rta
def test_real_notes_are_found_and_a_word_is_drawn_beside_them() -> None:
    chosen = [case for case in realism.cases(FOLDER, 250) if case.source == "rta100"][::60]
    real, notes = realism.found_real(chosen)
    assert len(real.rows) >= len(chosen) - 1
    case = next(case for case in chosen if case.path in notes)
    made = realism.drawn_on(case, "mug", "handwritten-note(size=0.2)", notes[case.path])
    assert made is not None
    left, top, right, bottom = made.box
    own = notes[case.path].mask
    assert own[top:bottom, left:right].sum() < 0.02 * own.sum()
