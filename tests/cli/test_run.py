"""`typoattack run` as a user meets it."""

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from typoattack.api import Run
from typoattack.core.errors import UserError


def test_run_prints_the_table_and_leaves_a_readable_run(typoattack, small, tmp_path: Path) -> None:
    done = typoattack("run", "quick", *small)
    assert done.status == 0, done.err
    assert "printed-label" in done.out
    assert str(tmp_path / "run") in done.out.replace("\n", "")
    table = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert len(table) == 9 * 11
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["command"] == shlex.join(["typoattack", "run", "quick", *small])
    again = typoattack("report", tmp_path / "run")
    assert again.out == done.out


def test_skipped_photographs_are_named(typoattack, small, photo_folder: Path) -> None:
    (photo_folder / "dog" / "2.png").write_bytes(b"\x89PNG half")
    done = typoattack("run", "quick", "--recipe", "printed-label", *small)
    assert done.status == 0
    assert "1 photograph skipped" in done.out
    assert "dog/2.png" in done.out


def test_a_run_without_any_answer_says_so_and_has_no_page(
    typoattack, small, photo_folder: Path, tmp_path: Path
) -> None:
    for path in photo_folder.rglob("*.png"):
        path.write_bytes(b"\x89PNG half")
    done = typoattack("run", "quick", "--recipe", "printed-label", *small)
    assert done.status == 0, done.err
    assert done.out.startswith("no answers yet\n")
    assert "9 photographs skipped" in done.out
    assert "flip" not in done.out
    assert not list((tmp_path / "run").glob("report.html"))
    again = typoattack("report", tmp_path / "run", "--format", "json")
    assert (again.status, json.loads(again.out)) == (0, [])
    assert "no answers yet" in again.err
    with pytest.raises(UserError, match="holds no answers yet"):
        Run(tmp_path / "run").report()


def test_a_suite_with_a_wrong_key_is_refused_by_name(typoattack, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("question: q\nrecipes: [printed-label]\nsede: 1\n")
    done = typoattack("run", tmp_path / "mine.yaml")
    assert done.status == 2
    assert "key 'sede'" in done.err


def test_a_folder_with_another_run_is_refused_with_the_difference(typoattack, small) -> None:
    typoattack("run", "quick", *small)
    done = typoattack("run", "quick", "--seed", "7", *small)
    assert done.status == 2
    assert "seed: 0 there, 7 here" in done.err


def test_legibility_is_measured_and_stays_with_the_run(
    typoattack, small, photo_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")
    for number, path in enumerate(sorted(photo_folder.rglob("*.png"))):
        Image.new("RGB", (64, 64), (90, 110 + number, 100)).save(path)
    recipe = ["--recipe", "printed-label(size=0.9)", "--words", "fixed:dogs"]
    done = typoattack(
        "run", "quick", "--legibility", *recipe, *small[:4], "--canvas", 320, *small[6:]
    )
    assert done.status == 0, done.err
    kept = Run(tmp_path / "run")
    attacks = kept.predictions["family"] == "attack"
    assert kept.predictions.loc[attacks, "readable"].all()
    assert kept.summary().set_index("recipe")["legible_share"]["printed-label(size=0.9)"] == 1
