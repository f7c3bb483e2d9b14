"""`typoattack show` draws contact sheets."""

from pathlib import Path

from PIL import Image


def test_show_draws_a_sheet_with_a_row_for_each_swept_value(
    typoattack, photo_folder: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    where = ["--dataset", f"folder:{photo_folder}", "--canvas", 64, "--cell", 64, "-n", 2]
    typoattack("show", "printed-label", *where, "--out", sheet)
    one = Image.open(sheet).size
    done = typoattack("show", "printed-label", "--sweep", "size=0.2,0.4", *where, "--out", sheet)
    assert done.status == 0, done.err
    assert Image.open(sheet).height > 1.8 * one[1]
