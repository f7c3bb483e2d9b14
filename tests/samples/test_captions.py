"""Photographs with captions: a CSV beside them, and tables laid out as Flickr30k and COCO are."""

import pickle
from pathlib import Path

import datasets
import pytest

from tests.conftest import noise
from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.captions import Captioned


def open_captions(spec: str, **options: str) -> Captioned:
    data = open_dataset(DatasetSpec(spec, **options))  # type: ignore[arg-type]
    assert isinstance(data, Captioned)
    return data


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        noise(number).save(tmp_path / "in" / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        'image,caption\nin/0.png,a cat\nin/1.png,"a dog, asleep"\nin/0.png,one cat\n',
        "filepath\ttitle\nin/0.png\ta cat\nin/1.png\ta dog, asleep\nin/0.png\tone cat\n",
        "image_name| comment_number| comment\nin/0.png| 0| a cat\nin/1.png| 0| a dog, asleep\n"
        "in/0.png| 1| one cat\n",
    ],
)
def test_a_csv_names_several_captions_a_photograph(photos: Path, text: str) -> None:
    (photos / "captions.csv").write_text(text)
    data = open_captions(f"captions:{photos / 'captions.csv'}")
    assert data.captions == (("a cat", "one cat"), ("a dog, asleep",))
    assert data.task.class_names == ("a cat", "a dog, asleep")
    assert [(data[i].id, data[i].label) for i in range(2)] == [("in/0.png", 0), ("in/1.png", 1)]
    assert data[1].image.tobytes() == noise(1).tobytes()
    assert pickle.loads(pickle.dumps(data))[0].image.tobytes() == noise(0).tobytes()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("image,label\nin/0.png,a cat\n", "no column 'caption'; there are image, label"),
        ("image,caption\nin/0.png,\n", "no line has a picture and a caption"),
        ("image,caption\n" + 9_999 * "x" + ".png,a cat\n", "line 2: there is no 'x{200}"),
        ("".join(f"column{n}," for n in range(20_000)), "column9 and 19,991 more$"),
        ("image,caption\n" + 140_000 * "x" + ",a cat\n", "line 2: field larger than field limit"),
        (140_000 * "x" + ",caption\n", "line 1: field larger than field limit"),
        ("image,caption\nin/9.png,a cat\n", "line 2: there is no 'in/9.png' beside the file"),
        ("image,caption\n../0.png,a cat\n", "there is no '../0.png' beside the file"),
        ("image,caption\nin/0.png,a cat\n", "at least two"),
    ],
)
def test_a_csv_that_does_not_fit_is_refused_in_a_line(photos: Path, text: str, told: str) -> None:
    (photos / "captions.csv").write_text(text)
    with pytest.raises(UserError, match=told):
        open_dataset(DatasetSpec(f"captions:{photos / 'captions.csv'}"))


@pytest.mark.parametrize("separator", ["|", "\t"])
def test_a_quote_stands_for_itself_but_between_commas(photos: Path, separator: str) -> None:
    lines = [("image", "caption"), ("in/0.png", '"stop" says a sign'), ("in/1.png", '"a dog')]
    text = "\n".join(separator.join(line) for line in [*lines, ("in/2.png", 'a cat"')])
    (photos / "captions.csv").write_text(text)
    data = open_captions(f"captions:{photos / 'captions.csv'}")
    assert data.captions == (('"stop" says a sign',), ('"a dog',), ('a cat"',))


def test_flickr30ks_line_without_a_separator_is_left_out_and_named(photos: Path) -> None:
    (photos / "results.csv").write_text(
        "image_name| comment_number| comment\nin/0.png| 0| a cat\nin/0.png| 4   A dog runs .\n"
        "in/1.png| 0| a dog\nin/2.png| 0| \n"
    )
    data = open_captions(f"captions:{photos / 'results.csv'}")
    assert data.captions == (("a cat",), ("a dog",))
    assert data.left_out_told == "2 empty captions left out: line 3, line 5"


def test_an_empty_caption_of_a_table_is_left_out_and_named(tmp_path: Path) -> None:
    pictures = [noise(n) for n in range(4)]
    for column, expected in (
        (["a cat", " ", None, "a dog"], (("a cat",), ("a dog",))),
        ([["a cat", ""], [], [None], ["a dog"]], (("a cat",), ("a dog",))),
    ):
        table = datasets.Dataset.from_dict({"picture": pictures, "said": column})
        path = tmp_path / f"{len(str(column))}.parquet"
        table.cast_column("picture", datasets.Image()).to_parquet(str(path))
        data = open_captions(f"parquet:{path}", caption_column="said")
        assert data.captions == expected
        assert "left out: row" in data.left_out_told
        assert data[1].image.tobytes() == noise(3).tobytes()


def test_only_pictures_that_may_be_the_same_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two are the same; one is as long, with the same end; one is another.
    stored = [b"ab" + 90 * b"x", b"ab" + 90 * b"x", b"ba" + 90 * b"x", b"other"]
    rows = {"picture": [{"bytes": one, "path": None} for one in stored], "said": [*"abcd"]}
    table = datasets.Dataset.from_dict(rows).cast_column("picture", datasets.Image())
    table.to_parquet(str(tmp_path / "data.parquet"))
    read: list[object] = []

    def told(*parts: object) -> str:
        read.extend(part for part in parts if isinstance(part, bytes))
        return digest(*parts)  # type: ignore[arg-type]

    monkeypatch.setattr("typoattack.samples.hub.digest", told)
    data = open_captions(f"parquet:{tmp_path / 'data.parquet'}", caption_column="said")
    assert data.captions == (("a", "b"), ("c",), ("d",))
    assert read == stored[:3]


@pytest.mark.parametrize(
    ("pictures", "column", "expected"),
    [
        ([0, 1], [["a cat", "one cat"], ["a dog"]], (("a cat", "one cat"), ("a dog",))),
        ([0, 0, 1], ["a cat", "one cat", "a dog"], (("a cat", "one cat"), ("a dog",))),
        ([0, 1], [[{"raw": "a cat"}], [{"raw": "a dog"}]], (("a cat",), ("a dog",))),
        (
            [0, 0, 1],
            [{"raw": "a cat"}, {"raw": "one cat"}, {"raw": "a dog"}],
            (("a cat", "one cat"), ("a dog",)),
        ),
    ],
    ids=["a list", "a row a caption", "a list of sentences", "a row a sentence"],
)  # fmt: skip
def test_a_table_has_captions_in_the_layouts_there_are(
    tmp_path: Path, pictures: list[int], column: list[object], expected: tuple[tuple[str, ...], ...]
) -> None:
    table = datasets.Dataset.from_dict({"picture": [noise(n) for n in pictures], "said": column})
    table.cast_column("picture", datasets.Image()).to_parquet(str(tmp_path / "data.parquet"))
    data = open_captions(f"parquet:{tmp_path / 'data.parquet'}", caption_column="said")
    assert data.captions == expected
    assert [data[i].image.tobytes() for i in range(2)] == [noise(n).tobytes() for n in range(2)]
    assert len({data[i].id for i in range(2)}) == 2


def test_captions_and_labels_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="captions stand in place of labels"):
        open_dataset(DatasetSpec("parquet:x", caption_column="said", label_column="label"))
    with pytest.raises(UserError, match="takes no caption_column"):
        open_dataset(DatasetSpec("bundled", caption_column="said"))


def test_a_column_that_holds_no_captions_is_refused(tmp_path: Path) -> None:
    table = datasets.Dataset.from_dict({"picture": [noise(0), noise(1)], "said": [1, 2]})
    table.cast_column("picture", datasets.Image()).to_parquet(str(tmp_path / "data.parquet"))
    with pytest.raises(UserError, match="row 0: a caption is a text"):
        open_captions(f"parquet:{tmp_path / 'data.parquet'}", caption_column="said")
