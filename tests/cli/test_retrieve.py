"""`typoattack retrieve`."""

import json
from pathlib import Path

import pandas as pd
import pytest

from typoattack import Machine, run
from typoattack.cli import console
from typoattack.samples.bundled import bundled


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captioned")
    data, lines = bundled(), ["image,caption"]
    for number in range(4):
        sample = data[number]
        sample.image.save(folder / f"{number}.png")
        name = data.task.class_names[sample.label]
        lines += [f"{number}.png,a photo of a {name}", f"{number}.png,{name}"]
    (folder / "captions.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def captioned(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    done = run(
        "retrieval",
        dataset=f"captions:{photos / 'captions.csv'}",
        words="noun",
        recipes=["printed-label"],
        out=tmp_path_factory.mktemp("run") / "gallery",
        machine=Machine(keep_embeddings=True),
    )
    return done.folder.path


def test_captions_are_asked_and_the_written_word_finds_its_photograph(
    typoattack, captioned: Path, tmp_path: Path
) -> None:
    done = typoattack("retrieve", captioned, "--share", 0.5, "--out", tmp_path / "page")
    assert done.status == 0, done.err
    assert "Text to image" in done.out
    told = " ".join(done.out.split())  # however wide the terminal is
    assert "in one of 2 galleries, so that 50.0 % carry words in each." in told
    ranks = pd.read_csv(tmp_path / "page" / "ranks.csv")
    assert set(ranks[ranks["query"] == "text to image"]["text"].str[:5]) > {"a pho"}
    figures = pd.read_csv(tmp_path / "page" / "retrieval.csv")
    word = figures[(figures["query"] == "written word") & (figures["k"] == 1)]
    found = word.set_index("recipe")
    assert found.loc["printed-label", "attacked"] > found.loc["blank-label", "attacked"]
    assert found.loc["printed-label", "beyond_control"] == pytest.approx(
        found.loc["printed-label", "attacked"] - found.loc["blank-label", "attacked"]
    )
    page = (tmp_path / "page" / "retrieval.html").read_text()
    assert "What a written word finds" in page
    assert page.count("<figure") >= 4


def test_class_prompts_are_asked_where_there_are_no_captions(typoattack, tmp_path: Path) -> None:
    made = tmp_path / "run"
    given = ["-r", "printed-label", "--limit", 4, "--keep-embeddings", "--out", made]
    assert typoattack("run", "retrieval", *given).status == 0
    done = typoattack("retrieve", made, "--format", "json")
    assert done.status == 0, done.err
    assert "nothing was written: --out FOLDER" in " ".join(done.err.split())
    lines = json.loads(done.out)
    assert {line["query"] for line in lines} == {"text to image", "image to text", "written word"}
    right = pd.read_parquet(made / "predictions.parquet")
    clean = right[(right["family"] == "clean")]["correct"].mean()
    first = [x for x in lines if x["query"] == "image to text" and x["k"] == 1]
    # The first of all class prompts is zero-shot's answer.
    assert {line["clean"] for line in first} == {clean}


def test_no_more_first_ones_are_shown_than_a_gallery_has(
    typoattack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.out, "width", 200)  # headings on one line
    made = tmp_path / "run"
    given = ["-r", "printed-label", "--limit", 4, "--keep-embeddings", "--out", made]
    assert typoattack("run", "retrieval", *given).status == 0
    done = typoattack("retrieve", made, "--out", tmp_path / "found")
    assert done.status == 0, done.err
    images, texts = done.out.split("Image to text")[0], done.out.split("Image to text")[1]
    assert "in the first 1" in " ".join(images.split())
    assert "in the first 5" not in " ".join(images.split())
    assert "in the first 10" in " ".join(texts.split("Does who looks")[0].split())
    page = (tmp_path / "found" / "retrieval.html").read_text()
    assert page.count("In the first 10</th>") == 1
    table = pd.read_csv(tmp_path / "found" / "retrieval.csv")
    assert set(table["k"]) == {1, 5, 10}, "a program gets all"


def test_a_run_without_embeddings_is_refused_in_a_line(typoattack, tmp_path: Path) -> None:
    made = tmp_path / "run"
    given = ["-r", "printed-label", "--limit", 2, "--out", made]
    assert typoattack("run", "retrieval", *given).status == 0
    done = typoattack("retrieve", made)
    assert done.status == 2
    assert "--keep-embeddings" in done.err


def test_captions_that_have_changed_are_refused(
    typoattack, captioned: Path, photos: Path, tmp_path: Path
) -> None:
    table = photos / "captions.csv"
    before = table.read_text()
    table.write_text(before.replace("a photo of", "a picture of"))
    try:
        done = typoattack("retrieve", captioned)
    finally:
        table.write_text(before)
    assert done.status == 2
    assert "not those that the run had" in done.err
