"""`typoattack new` writes a recipe to start from."""

from pathlib import Path


def test_a_new_recipe_is_drawn_and_checked_and_run_from_its_file(
    typoattack, small, photo_folder: Path, tmp_path: Path
) -> None:
    assert typoattack("new", "cli-made", "--out", tmp_path).status == 0
    plugin = tmp_path / "cli_made.py"
    where = ["--dataset", f"folder:{photo_folder}", "--out", tmp_path / "sheet.png"]
    assert typoattack("show", "cli-made", "--plugin", plugin, *where).status == 0
    checked = typoattack("check", "cli-made", "--plugin", plugin)
    assert checked.status == 0, checked.out
    ran = typoattack("run", "quick", "--recipe", "cli-made", "--plugin", plugin, *small)
    assert ran.status == 0, ran.err
    assert "cli-made" in ran.out
    assert typoattack("new", "cli-made", "--out", tmp_path).status == 2
