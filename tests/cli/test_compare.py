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


def test_attacks_of_one_model_are_compared_with_one_another(
    typoattack, small, tmp_path: Path
) -> None:
    recipes = [f"printed-label(size={size})" for size in (0.1, 0.3)]
    options = [option for recipe in (*recipes, "plain-overlay") for option in ("--recipe", recipe)]
    typoattack("run", "quick", *options, *small)
    run, figure = tmp_path / "run", ("--figure", "accuracy_attacked")
    done = typoattack("compare", run, *figure, "--out", tmp_path / "out")
    assert done.status == 0, done.err
    assert "(size=0.3)" in done.out
    assert "plain-overlay" not in done.out
    assert "(size=0.1)" in (tmp_path / "out" / "recipes.csv").read_text()
    done = typoattack("compare", run, *figure, "--recipes", "plain-overlay", recipes[0])
    assert done.status == 0, done.err
    assert "plain-overlay" in done.out


def test_a_run_given_twice_is_refused_in_words(typoattack, small, tmp_path: Path) -> None:
    typoattack("run", "quick", "--recipe", "printed-label", *small)
    done = typoattack("compare", tmp_path / "run", tmp_path / "run")
    assert done.status == 2
    assert "were given twice" in done.err
    done = typoattack("compare", tmp_path / "run")
    assert done.status == 2
    assert "no two of its attacks are one recipe with other parameters" in done.err


def test_an_out_that_cannot_be_made_is_said(typoattack, small, tmp_path: Path) -> None:
    both = [*small[:2], "--model", "mini-blind", *small[2:]]
    recipes = ("--recipe", "printed-label", "--recipe", "plain-overlay")
    assert typoattack("run", "quick", *recipes, *both).status == 0
    (tmp_path / "file").write_text("")
    figure = ("--figure", "accuracy_attacked")
    for command in (("compare",), ("compare", "--recipes", *recipes[1::2]), ("rank",)):
        for out in (tmp_path / "file", tmp_path / "file" / "below"):
            done = typoattack(*command, tmp_path / "run", *figure, "--out", out)
            assert done.status == 2, (command, done.err)
            assert str(out)[:20] in done.err.replace("\n", "")
