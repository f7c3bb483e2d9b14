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


def test_show_spreads_its_photographs_over_the_classes(typoattack, tmp_path: Path) -> None:
    for colour in ("red", "lime", "blue"):
        (tmp_path / "photos" / colour).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (64, 64), colour).save(tmp_path / "photos" / colour / f"{number}.png")
    seen = []
    for more in ([], ["--first"]):
        where = ["--dataset", f"folder:{tmp_path / 'photos'}", "--canvas", 64, "--cell", 64]
        out = tmp_path / "sheet.png"
        done = typoattack("show", "printed-label(size=0.1)", "-n", 3, *where, *more, "--out", out)
        assert done.status == 0, done.err
        sheet = Image.open(out).convert("RGB")
        row = [sheet.getpixel((x, sheet.height - 12)) for x in (8, 75, 142)]
        seen.append(len(set(row)))
    assert seen == [3, 1]
