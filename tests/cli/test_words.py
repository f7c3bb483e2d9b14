"""`typoattack words` makes a table that a suite's recipes write by."""

from pathlib import Path

import pandas as pd

from typoattack.results.folder import RunFolder


def test_a_table_of_confusions_is_made_and_written_by(
    typoattack, small: list[str], tmp_path: Path
) -> None:
    assert typoattack("run", "quick", *small, "--recipe", "printed-label").status == 0
    made = typoattack("words", tmp_path / "run", "--confused", "--out", tmp_path / "w.csv")
    assert made.status == 0, made.err
    words = pd.read_csv(tmp_path / "w.csv").set_index("class")["word"]
    rows = RunFolder(tmp_path / "run").predictions()
    clean = rows[rows["recipe"] == "clean"]
    assert len(words) == clean["label"].nunique()
    recipe = f"cao2023 @ table:{tmp_path / 'w.csv'}"
    done = typoattack("run", "quick", *small[:-1], tmp_path / "two", "--recipe", recipe)
    assert done.status == 0, done.err
    folder = RunFolder(tmp_path / "two")
    names, written = folder.manifest()["task"]["class_names"], folder.predictions()
    written = written[written["recipe"].str.startswith("cao2023")]
    assert [words[names[label]] for label in written["label"]] == written["word"].tolist()
    assert recipe in folder.manifest()["before_canvas"]
    assert "Drawn before the canvas" in (tmp_path / "two" / "report.html").read_text("utf-8")


def test_what_is_wanted_must_be_said(typoattack, small: list[str], tmp_path: Path) -> None:
    assert typoattack("run", "quick", *small, "--recipe", "printed-label").status == 0
    done = typoattack("words", tmp_path / "run")
    assert (done.status, "--confused" in done.err) == (2, True)
    other = typoattack("words", tmp_path / "run", "--confused", "--model", "nobody")
    assert (other.status, "unknown model 'nobody'" in other.err) == (2, True)
