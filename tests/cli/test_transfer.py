"""`typoattack transfer`."""

from pathlib import Path

import pandas as pd


def test_the_matrix_is_shown_and_written(typoattack, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("pizza\niPod\n")
    models = ["-m", "mini", "-m", "mini-blind"]
    out = tmp_path / "out"
    done = typoattack(
        "transfer", "words", *models, "--limit", 4, "--vocabulary", words, "--out", out
    )
    assert done.status == 0, done.err
    assert "no search" in done.out
    assert "found on mini-blind: " in done.out
    table = pd.read_csv(out / "matrix.csv")
    assert len(table) == 3 * 2
    assert table["flip_rate"].between(0, 1).all()
    assert (out / "matrix.svg").stat().st_size > 1000
    assert len(pd.read_csv(out / "transfer.csv")) == 3 * 2 * 2


def test_one_model_is_refused_in_a_line(typoattack) -> None:
    done = typoattack("transfer", "words", "-m", "mini", "--limit", 4)
    assert done.status == 2
    assert "at least two models" in done.err
