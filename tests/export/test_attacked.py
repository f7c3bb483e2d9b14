import json
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.export.attacked import write_attacked
from typoattack.runner.draw import Generator
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.suite import Suite, parse_suite


@pytest.fixture
def suite(photo_folder: Path) -> Suite:
    text = "question: q\nrecipes: [printed-label, 'handwritten-note']\ncanvas: 96"
    return parse_suite(text, "s", {"dataset": f"folder:{photo_folder}"})


def drawn_pictures(suite: Suite) -> list[Image.Image]:
    data = open_dataset(suite.dataset)
    generator = Generator(suite, data.task.class_names)
    pictures = []
    for sample in (data[i] for i in range(len(data))):
        canvas = generator.canvas(sample)
        drawn = [
            one.attacked.image
            for one in generator.draw_each(sample, canvas, generator.pictures_of(sample))
        ]
        pictures += [canvas, *drawn]
    return pictures


@pytest.mark.parametrize("layout", ["imagefolder", "parquet"])
def test_datasets_loads_what_was_written_pixel_by_pixel(
    suite: Suite, tmp_path: Path, layout: str
) -> None:
    out = tmp_path / "attacked"
    assert write_attacked(suite, out, layout) == []
    source = (
        {"data_dir": str(out)}
        if layout == "imagefolder"
        else {"data_files": str(out / "*.parquet")}
    )
    rows = datasets.load_dataset(layout, split="train", cache_dir=str(tmp_path / "c"), **source)
    assert len(rows) == 27
    for row, picture in zip(rows, drawn_pictures(suite), strict=True):
        np.testing.assert_array_equal(np.asarray(row["image"]), np.asarray(picture))
    attacked = [row for row in rows if row["recipe"] == "printed-label"]
    assert {row["label_name"] for row in attacked} == {"cat", "dog", "fish"}
    assert all(row["word"] != row["label_name"] and row["coverage"] > 0 for row in attacked)


def test_an_attacked_parquet_is_a_data_set_again(suite: Suite, tmp_path: Path) -> None:
    write_attacked(suite, tmp_path / "attacked", "parquet")
    again = open_dataset(
        DatasetSpec(f"parquet:{tmp_path / 'attacked' / 'data.parquet'}", label_column="label")
    )
    assert again.task.class_names == ("cat", "dog", "fish")
    assert len(again) == 27


def test_a_broken_photograph_is_reported_and_left_out(
    suite: Suite, photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "cat" / "0.png").write_bytes(b"x")
    (skipped,) = write_attacked(suite, tmp_path / "attacked")
    assert skipped.sample == "cat/0.png"
    lines = (tmp_path / "attacked" / "metadata.jsonl").read_text().splitlines()
    assert len(lines) == 24
    assert all(json.loads(line)["sample"] != "cat/0.png" for line in lines)


def test_searches_are_left_out_and_named(
    photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = 'smallest-flip("printed-label")'
    command = ["generate", "quick", "-d", f"folder:{photo_folder}", "-r", search, "--canvas", "64"]
    with pytest.raises(SystemExit) as stop:
        main([*command, "--out", str(tmp_path / "none")])
    assert stop.value.code == 2
    assert "ask a model what to draw" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([*command, "-r", "printed-label", "--out", str(tmp_path / "some")])
    assert stop.value.code == 0
    assert "left out smallest-flip" in capsys.readouterr().err
    lines = (tmp_path / "some" / "metadata.jsonl").read_text().splitlines()
    recipes = {json.loads(line)["recipe"] for line in lines}
    assert recipes > {"clean", "printed-label"}
    assert not any(recipe.startswith("smallest-flip") for recipe in recipes)


def test_what_fails_leaves_nothing_behind(suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown format"):
        write_attacked(suite, tmp_path / "a", "tfrecord")
    with pytest.raises(UserError, match="has no glyph|cannot draw|lacks"):
        write_attacked(
            parse_suite(
                "question: q\nrecipes: [printed-label @ fixed:\u1980]\ncanvas: 96",
                "s",
                {"dataset": suite.dataset.spec},
            ),
            tmp_path / "b",
        )
    (tmp_path / "c").mkdir()
    with pytest.raises(UserError, match="exists"):
        write_attacked(suite, tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c", "photos"]


def test_pictures_that_the_data_set_lacks_are_refused(photo_folder: Path, tmp_path: Path) -> None:
    text = "question: q\nrecipes: ['as-given(\"SCAM\")']"
    suite = parse_suite(text, "s", {"dataset": f"folder:{photo_folder}"})
    with pytest.raises(UserError, match="has no such pictures"):
        write_attacked(suite, tmp_path / "attacked")
    assert not (tmp_path / "attacked").exists()


def test_only_the_first_model_is_opened_to_tell_which_classes_are_near(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    command = ["generate", "quick", "-d", f"folder:{photo_folder}", "--canvas", "64"]
    models = ["-m", f"local-dir:{tiny_clip}", "-m", "local-dir:/no/such"]
    words = ["-r", "printed-label @ nearest", "--limit", "1", "--device", "cpu"]
    with pytest.raises(SystemExit) as stop:
        main([*command, *models, *words, "--out", str(tmp_path / "attacked")])
    assert stop.value.code == 0
    lines = (tmp_path / "attacked" / "metadata.jsonl").read_text().splitlines()
    assert {json.loads(line)["recipe"] for line in lines} > {"clean", "printed-label @ nearest"}


def test_near_classes_are_not_told_without_a_model(photo_folder: Path, tmp_path: Path) -> None:
    text = "question: q\nrecipes: [printed-label @ nearest]\ncanvas: 64"
    suite = parse_suite(text, "s", {"dataset": f"folder:{photo_folder}"})
    with pytest.raises(UserError, match="give the model"):
        write_attacked(suite, tmp_path / "attacked")
    assert not (tmp_path / "attacked").exists()
