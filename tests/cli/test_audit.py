"""`typoattack audit`, on pictures with a planted word that one caption says."""

from pathlib import Path

import pandas as pd
import pytest

import typoattack as ta
from typoattack.report.audit import repeating
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.base import Sample
from typoattack.samples.bundled import bundled

pytest.importorskip("rapidocr")


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    folder.mkdir()
    clean = bundled()[1].image
    written = ta.attack(clean, "printed-label(size=0.5)", word="PIZZA")
    for name, picture in (("said", written), ("silent", written), ("clean", clean)):
        picture.save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "pairs.csv").write_text(
        "image,caption\nsaid.png,fresh pizza\nsilent.png,a bird\nclean.png,pizza\nbroken.png,x\n"
        "said.png,\n"
    )
    return folder / "pairs.csv"


def test_the_caption_that_says_what_is_written_is_found_and_no_other(
    typoattack, planted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "audit"
    command = ["audit", f"captions:{planted}", "--model", "mini", "--out", out]
    done = typoattack(*command)
    assert done.status == 0, done.err
    assert "3 pictures" in done.out
    assert "1 could not be read" in done.out
    assert "1 empty caption left out: line 6" in done.out
    table = pd.read_csv(out / "pictures.csv").set_index("sample")
    assert table["kind"].to_dict() == {
        "said.png": "repeated text",
        "silent.png": "other text",
        "clean.png": "no text",
        "broken.png": "broken",
    }
    said = table.loc["said.png"]
    assert (said["repeated"], said["rate"]) == ("pizza", 0.5)
    assert 0.01 < said["area"] < 0.5
    assert said["similarity_masked"] < said["similarity"]  # mini reads, and misses the word
    assert table.loc["clean.png", "similarity"] == table.loc["clean.png", "similarity_masked"]
    figures = pd.read_csv(out / "audit.csv").set_index("figure")["value"]
    assert figures["parrot captions"] == 0.5
    page = (out / "audit.html").read_text()
    assert "Captions that repeat most" in page
    assert page.count("<figure") == 1

    before = (out / "pictures.csv").read_bytes()
    assert typoattack(*command).status == 0
    assert (out / "pictures.csv").read_bytes() == before

    kept = out / "rows" / "part-000000.json"
    kept.write_text(kept.read_text().replace("PIZZA", "GELATO"))
    assert typoattack(*command).status == 0
    again = pd.read_csv(out / "pictures.csv").set_index("sample")
    assert "GELATO" in again.loc["silent.png", "found"]  # what was done is not done again

    other = typoattack("audit", f"captions:{planted}", "--out", out)
    assert other.status == 2
    assert "holds another audit (model, model_fingerprint differ)" in other.err


def test_an_audit_does_not_write_into_a_runs_folder(typoattack, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    done = typoattack("audit", "bundled", "--first", 1, "--out", tmp_path)
    assert done.status == 2
    assert "holds a run" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_part_of_the_set_is_looked_at_and_no_more_is_opened(planted: Path) -> None:
    data = open_dataset(DatasetSpec(f"captions:{planted}"))
    opened: list[int] = []

    class Counted:
        """The same, telling what is opened."""

        task = data.task

        def __len__(self) -> int:
            return len(data)

        def __getitem__(self, index: int) -> Sample:
            opened.append(index)
            return data[index]

    rows = pd.DataFrame({"sample": ["said.png", "silent.png"], "rate": [0.5, 0.0]})
    shown = list(repeating(Counted(), [0, 1], rows, 12))  # type: ignore[arg-type]
    assert [row["sample"] for row, _ in shown] == ["said.png"]
    assert set(opened) == {0}


def test_limit_and_first_at_once_are_refused(typoattack, planted: Path) -> None:
    done = typoattack("audit", f"captions:{planted}", "--limit", 1, "--first", 2)
    assert done.status == 2
    assert "not both" in done.err
