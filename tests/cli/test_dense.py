"""`typoattack dense`."""

import json
from pathlib import Path

import pandas as pd


def test_patches_are_asked_and_written(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    given = ["--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photo_folder}"]
    out = tmp_path / "out"
    done = typoattack("dense", "dense", *given, "--limit", 3, "--out", out)
    assert done.status == 0, done.err
    assert "says the word" in done.out
    table = pd.read_csv(out / "dense.csv")
    assert set(table["part"]) == {"inside", "outside"}
    assert table[["clean", "attacked", "control"]].stack().between(0, 1).all()
    rows = pd.read_csv(out / "photographs.csv")
    assert rows.groupby("sample")["patches"].sum().mod(16).eq(0).all()  # 4 by 4, inside or outside
    page = (out / "dense.html").read_text()
    assert page.count("<svg") == 3 * 3
    assert page.count('class="heat"') == 3
    assert f"typoattack dense dense {' '.join(given)} --limit 3" in page  # the foot of the page


def test_figures_are_printed_for_programs(typoattack, tiny_clip: Path, photo_folder: Path) -> None:
    given = ["--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photo_folder}"]
    done = typoattack("dense", "dense", *given, "--limit", 2, "--format", "json")
    assert done.status == 0, done.err
    assert len(json.loads(done.out)) == 2 * 2 * 2


def test_a_model_without_patches_is_refused_in_a_line(typoattack) -> None:
    done = typoattack("dense", "dense", "--model", "mini", "--limit", 1)
    assert done.status == 2
    assert "open_clip's own vision transformers" in done.err
