"""`typoattack compare` pairs models."""

from pathlib import Path


def test_compare_pairs_two_models_and_writes_a_page(typoattack, small, tmp_path: Path) -> None:
    both = [*small[:2], "--model", "mini-blind", *small[2:]]
    typoattack("run", "quick", "--recipe", "printed-label", *both)
    out = tmp_path / "compared"
    done = typoattack("compare", tmp_path / "run", "--figure", "accuracy_attacked", "--out", out)
    assert done.status == 0, done.err
    assert "printed-label" in done.out
    assert "mini-blind" in (out / "comparison.html").read_text()
    assert typoattack("compare", tmp_path / "run", "--figure", "speed").status == 2
