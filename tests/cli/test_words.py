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


def test_classes_without_a_word_are_counted(typoattack, tmp_path: Path) -> None:
    def words(answers: str) -> tuple[int, str]:
        (tmp_path / "a.csv").write_text(f"sample,kind,label,answer\n{answers}")
        out = tmp_path / f"run-{len(answers)}"
        assert typoattack("score", tmp_path / "a.csv", "--out", out).status == 0
        done = typoattack("words", out, "--confused", "--out", tmp_path / "w.csv")
        return done.status, " ".join((done.out + done.err).split())

    status, said = words("1,clean,cat,dog\n2,clean,dog,dog\n3,clean,ox,ox\n")
    assert status == 0, said
    assert "left out 2 of 3 classes" in said
    assert list(pd.read_csv(tmp_path / "w.csv")["class"]) == ["cat"]
    status, said = words("2,clean,dog,dog\n3,clean,ox,ox\n")
    assert status == 2
    assert "no class was taken for another" in said
