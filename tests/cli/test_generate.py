"""`typoattack generate` leaves a data set."""

from pathlib import Path


def test_generate_writes_a_data_set(typoattack, photo_folder: Path, tmp_path: Path) -> None:
    done = typoattack(
        *("generate", "quick", "--dataset", f"folder:{photo_folder}", "--canvas", 64),
        *("--recipe", "printed-label(size=0.5)", "--limit", 2, "--out", tmp_path / "made"),
    )
    assert done.status == 0, done.err
    assert len((tmp_path / "made" / "metadata.jsonl").read_text().splitlines()) == 6
