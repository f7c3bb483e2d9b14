"""A study of units beside a run: a section of the page, and a line under each flip it explains."""

import base64
import io
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from made_runs import photograph, picture, view
from made_tables import simulated
from markupsafe import Markup, escape
from PIL import Image

from typoattack.api import Run
from typoattack.cli import main
from typoattack.models.mini import load_mini
from typoattack.report.gallery import build_gallery
from typoattack.report.page import write_report
from typoattack.report.sections.units import BUDGET, MOST_LINES
from typoattack.report.units import (
    LEADING,
    UNITS,
    UnitsStudy,
    explained_rows,
    gallery_note,
    read_units,
)
from typoattack.runner.execute import execute
from typoattack.samples import open_dataset
from typoattack.suite import load_suite
from typoattack.units.anatomy import anatomy
from typoattack.units.cards import WordCards
from typoattack.units.page import write_study
from typoattack.units.photographs import usable_photographs
from typoattack.units.section import (
    FILE,
    ExplainedFlip,
    Section,
    UnitBehind,
    read_section,
    write_section,
)
from typoattack.units.study import StudyPlan, study

NASTY = "<script>alert('x')</script>"
PLAIN = Section("Which units read", ("It reads.",), (), (), "mini", "ab12")


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `mini` on two bundled photographs, a study of its letter pairs, and the page."""
    threads = torch.get_num_threads()
    torch.set_num_threads(
        1
    )  # so few pictures at a time go faster on one, on a busy machine fourfold
    try:
        return _studied(tmp_path_factory.mktemp("studied") / "run")
    finally:
        torch.set_num_threads(threads)


def _studied(path: Path) -> Path:
    suite = load_suite("quick", {"recipes": ["printed-label"], "limit": 2})
    data, model = open_dataset(suite.dataset), load_mini()
    run = Run(execute(suite, [model], data, path))
    inside = anatomy(model)
    plan = StudyPlan(
        cards=WordCards(("otter", "chair"), fonts=("roboto",)),
        parts=("text", "curve", "flips"),
        permutations=99,
        repeats=1,
        flips=2,
        check=2,
    )
    photographs = usable_photographs(data, limit=2)
    write_study(study(inside, [inside.layer("pairs")], photographs, plan), path / UNITS)
    run.report()
    return path


@pytest.fixture
def copied(studied: Path, tmp_path: Path) -> Path:
    """A run with a study to damage."""
    return Path(shutil.copytree(studied, tmp_path / "run"))


def _part(text: str) -> str:
    found = re.search(r'<section id="units">(.*?)</section>', text, re.DOTALL)
    assert found is not None
    return found[1]


def _data(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def _report(folder: Path, rows: pd.DataFrame | None = None, **given: Any) -> str:
    rows = simulated(6) if rows is None else rows
    return write_report(view(rows, **given), folder)[0].read_text("utf-8")


def _with_study(folder: Path, section: Section) -> Path:
    (folder / UNITS).mkdir(parents=True, exist_ok=True)
    write_section(section, folder / UNITS)
    return folder


def test_the_page_of_a_run_with_a_study_shows_all_of_it(studied: Path) -> None:
    text = (studied / "report.html").read_text("utf-8")
    part, section = _part(text), read_section(studied / UNITS)
    assert section is not None
    assert '<a href="#units">Which units read</a>' in text
    assert "Inside <b>mini</b>" in part
    for sentence in section.sentences:
        assert escape(sentence) in part
    for _, rows in section.tables:
        for cell in {cell for row in rows for cell in row}:
            assert escape(cell.partition(" [")[0]) in part
    pictures = re.findall(r'<img src="data:image/webp;base64,([^"]*)"', part)
    names = [name for _, name in section.pictures]
    assert len(pictures) == len(names) == 3
    assert names[-2:] == ["curve.png", "flips.png"]
    for data, name in zip(pictures, names, strict=True):
        shown = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        kept = Image.open(studied / UNITS / name).convert("RGB")
        apart = np.asarray(shown.resize(kept.size), float) - np.asarray(kept, float)
        assert np.abs(apart).mean() < 4


def test_the_page_with_a_study_stays_small_and_refers_to_nothing_outside(studied: Path) -> None:
    text = (studied / "report.html").read_text("utf-8")
    assert len(text) < 1_000_000
    outside = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', _part(text))
    assert outside == []


def test_every_explained_flip_has_its_units_under_its_picture(studied: Path) -> None:
    text = (studied / "report.html").read_text("utf-8")
    section = read_section(studied / UNITS)
    assert section is not None
    assert len(section.flips) == 2
    data = _data(text)
    shown = {row["sample"]: row for row in data["rows"] if "behind" in row}
    assert set(shown) == {flip.sample for flip in section.flips}
    for flip in section.flips:
        row = shown[flip.sample]
        assert (row["recipe"], row["replicate"]) == ("printed-label", 0)
        assert (row["word"], row["model"]) == (flip.word, "mini")
        assert f'href="#picture={row["id"]}"' in _part(text)
        best = max(flip.units, key=lambda unit: unit.measured or 0)
        gain = flip.lead[1] - flip.lead[0]
        name, share, words = row["behind"]["units"][0]
        assert (name, share) == (best.label, f"{100 * (best.measured or 0) / gain:.0f} %")
        assert words == ", ".join(best.words)
        # What is written holds the letter pair that did most.
        assert best.label.strip("^$") in flip.word.lower()
        assert f"{gain:.1f} logits that “{flip.word}” gained" in row["behind"]["gain"]
    assert '<option value="behind">' in text


def test_without_a_study_nothing_is_said_of_units(tmp_path: Path) -> None:
    text = _report(tmp_path)
    assert 'id="units"' not in text
    assert 'href="#units"' not in text
    assert 'value="behind"' not in text


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda units: (units / FILE).write_text('{"title": "cut'), "is damaged"),
        (lambda units: (units / FILE).write_text("{}"), "is damaged"),
        (
            lambda units: write_section(replace(PLAIN, pictures=(("p", "../x.png"),)), units),
            "outside its folder",
        ),
    ],
)
def test_a_damaged_study_is_told_on_the_page_and_in_the_terminal(
    damage: Any, said: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(copied / UNITS)
    with pytest.raises(SystemExit) as left:
        main(["report", str(copied)])
    assert left.value.code == 0
    told = capsys.readouterr()
    assert said in " ".join(told.out.split())
    assert "Traceback" not in told.out + told.err
    text = (copied / "report.html").read_text("utf-8")
    assert said in _part(text)
    assert "behind" not in "".join(map(str, _data(text)["rows"]))


def test_damaged_pictures_are_named_and_the_others_shown(copied: Path) -> None:
    (copied / UNITS / "flips.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    (copied / UNITS / "curve.png").unlink()
    Run(copied).report()
    part = _part((copied / "report.html").read_text("utf-8"))
    assert part.count("<img ") == 1
    assert "units/flips.png cannot be shown: " in part
    assert "units/curve.png cannot be shown: " in part


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (replace(PLAIN, model="ViT-B-32/openai"), "it is of ViT-B-32/openai, and this run is of a"),
        (replace(PLAIN, model="a", fingerprint="ffff"), "a with other weights or at another"),
        (replace(PLAIN, model="", fingerprint=""), "does not say of which model"),
    ],
)
def test_a_study_of_a_model_that_the_run_lacks_is_left_out(
    section: Section, said: str, tmp_path: Path
) -> None:
    run = view(simulated(4, models=("a", "b")))
    section = replace(section, fingerprint=section.fingerprint.replace("ab12", "ffff"))
    _with_study(tmp_path, section)
    part = _part(write_report(run, tmp_path)[0].read_text("utf-8"))
    assert said in Markup(part).unescape()
    assert "is left out" in part
    assert "It reads." not in part


def test_of_several_models_the_page_says_which_one_was_studied(tmp_path: Path) -> None:
    run = view(simulated(4, models=("a", "b")))
    run.manifest["models"][1]["fingerprint"] = "cd34"
    _with_study(tmp_path, replace(PLAIN, model="another path of b", fingerprint="cd34"))
    assert "Inside <b>b</b>" in _part(write_report(run, tmp_path)[0].read_text("utf-8"))


def _flip_of(row: Mapping[str, Any], **given: Any) -> ExplainedFlip:
    """What a study would say of a row of a run whose classes are `class 0`, `class 1`, …"""
    units = (UnitBehind("last", "7", 3.0, 2.5, ("owl", "cup")), UnitBehind("last", "8", 2.0, 1, ()))
    flip = ExplainedFlip(
        sample=row["sample"],
        pixels=row["pixels"],
        label=f"class {row['label']}",
        word=row["word"],
        answer=f"class {row['predicted']}",
        lead=(-4.0, 6.0),
        units=units,
    )
    return replace(flip, **given)


def _flipped(rows: pd.DataFrame, model: str = "mini") -> list[Any]:
    turned = rows[(rows["family"] == "attack") & ~rows["correct"] & (rows["model"] == model)]
    return list(turned[turned["replicate"] == 0].to_dict("records"))


@pytest.mark.parametrize(
    ("given", "count"),
    [({}, 1), ({"pixels": "other"}, 0), ({"word": "other"}, 0), ({"answer": "other"}, 0)],
)
def test_only_the_same_picture_word_and_answer_are_explained(
    given: dict[str, str], count: int
) -> None:
    rows = simulated(6, models=("mini", "other"))
    flip = _flip_of(_flipped(rows)[0], **given)
    study = UnitsStudy(Path("units"), model="mini", section=replace(PLAIN, flips=(flip,)))
    behind, leading = explained_rows(rows, [f"class {i}" for i in range(20)], study)
    assert leading == [flip.sample] * count
    made = build_gallery(rows, [f"class {i}" for i in range(20)], picture, behind=behind)
    shown = [row["model"] for row in made.data["rows"] if "behind" in row]
    assert shown == ["mini"] * count


def test_where_the_run_drew_other_pictures_the_page_says_so(tmp_path: Path) -> None:
    rows = simulated(6)
    flip = _flip_of(_flipped(rows)[0], pixels="other")
    part = _part(_report(_with_study(tmp_path, replace(PLAIN, flips=(flip,))), rows))
    assert "The flip it explains is not among the pictures above" in part


def test_the_gallery_begins_with_explained_photographs_and_says_so(tmp_path: Path) -> None:
    rows = simulated(200, replicates=1)
    flips = tuple(map(_flip_of, _flipped(rows)))
    assert len(flips) > LEADING
    _with_study(tmp_path, replace(PLAIN, flips=flips))
    study = read_units(tmp_path, view(rows).manifest)
    names = [f"class {i}" for i in range(30)]
    behind, leading = explained_rows(rows, names, study)
    assert len(behind) == len(flips)
    assert leading == [flip.sample for flip in flips[:LEADING]]
    made = build_gallery(rows, names, photograph, budget=300_000, behind=behind, leading=leading)
    without = build_gallery(rows, names, photograph, budget=300_000)
    order = list(dict.fromkeys(row["sample"] for row in made.data["rows"]))
    assert order[:LEADING] == leading
    assert made.leading == LEADING
    # After them comes chance, as if there were no study.
    by_chance = list(dict.fromkeys(row["sample"] for row in without.data["rows"]))
    assert order[LEADING:] == [s for s in by_chance if s not in leading][: len(order) - LEADING]
    assert without.leading == 0
    text = _report(tmp_path, rows, picture=photograph)
    assert f"(but for {LEADING} that come first because a" in text


def test_a_study_with_markup_shows_as_text(tmp_path: Path) -> None:
    rows = simulated(6)
    row = _flipped(rows)[0]
    unit = UnitBehind(NASTY, NASTY, 3.0, 2.0, (NASTY, "</script><img src=x onerror=alert(1)>"))
    section = Section(
        NASTY,
        (NASTY, "{{ 7 * 7 }}"),
        ((NASTY, ((NASTY, "q"), (NASTY, NASTY * 9), ("1", "2", "one too many"), ())), ("", ())),
        ((NASTY, f"{NASTY.replace('/', '-')}.png"),),
        "mini",
        "ab12",
        (_flip_of(row, units=(unit, replace(unit, layer="other")), label=NASTY),),
    )
    text = _report(_with_study(tmp_path, section), rows)
    assert NASTY not in text
    assert "<img src=x" not in text
    part = _part(text)
    assert escape(NASTY) in part
    assert "{{ 7 * 7 }}" in part
    assert "one too many" not in part
    behind = next(row["behind"] for row in _data(text)["rows"] if "behind" in row)
    assert behind["units"][0][0] == f"{NASTY} {NASTY}"


def test_a_large_study_keeps_the_page_small(tmp_path: Path) -> None:
    (tmp_path / UNITS).mkdir()
    names = [*(f"units-{i}.png" for i in range(30)), "curve.png", "flips.png"]
    for name in names:
        Image.new("RGB", (2000, 100), "red").save(tmp_path / UNITS / name)
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / UNITS / "units-0.png", compress_level=1)
    Image.new("RGB", (300, 9000)).save(tmp_path / UNITS / "flips.png")
    lines = tuple((f"unit {i}", "word " * 20) for i in range(5000))
    tables = tuple((f"table {t}", (("unit", "words"), *lines)) for t in range(3))
    pictures = tuple((f"picture {name}", name) for name in names)
    _with_study(tmp_path, replace(PLAIN, tables=tables, pictures=pictures))
    text = _report(tmp_path)
    part = _part(text)
    assert len(part) < BUDGET + 200_000
    assert part.count("<tr>") == MOST_LINES + 3
    assert f"The first {MOST_LINES} of 5,000 lines" in part
    # One too large for the budget, and more of the others than a page needs.
    assert "Left out for want of room: units/units-0.png, units/units-22.png, units/" in part
    assert part.count("<img ") == 23
    assert "picture curve.png" in part
    assert "picture flips.png, the upper part" in part
    for data in re.findall(r'<img src="data:image/webp;base64,([^"]*)"', part):
        size = Image.open(io.BytesIO(base64.b64decode(data))).size
        assert size[0] <= 1480
        assert size[1] <= 3000


def _unit(estimated: float, measured: float | None, name: str, layer: str = "l") -> UnitBehind:
    return UnitBehind(layer, name, estimated, measured, (name * 3,))


def _note(lead: tuple[float, float], *units: UnitBehind) -> dict[str, Any]:
    return gallery_note(ExplainedFlip("s", "0", "dog", "owl", "owl", lead, units))


def test_measured_units_are_named_before_estimated_ones_and_harmless_ones_not_at_all() -> None:
    units = [_unit(5, 1, "a"), _unit(4, 3, "b"), _unit(3, -1, "c"), _unit(2.5, None, "d")]
    assert _note((-4, 6), *units)["units"] == [("b", "30 %", "bbb"), ("a", "10 %", "aaa")]


def test_without_a_measurement_the_estimate_is_named_as_one() -> None:
    note = _note((-4, 6), _unit(5, None, "a", "one"), _unit(0, None, "b", "two"))
    assert note["units"] == [("one a", "50 %", "aaa")]
    assert "estimate" in note["gain"]
    assert "Layer one, two" in note["gain"]


def test_where_the_word_gained_nothing_parts_are_in_logits() -> None:
    note = _note((-4, -5), _unit(2, 1.5, "a"))
    assert note["units"] == [("a", "+1.5", "aaa")]
    assert note["gain"].startswith("Layer l. Logits of “owl” over “dog”")


def test_where_no_unit_did_it_that_is_said() -> None:
    note = _note((-4, 6), _unit(2, -1, "a"))
    assert note == {"units": [], "gain": "No single unit that was tried did it."}
