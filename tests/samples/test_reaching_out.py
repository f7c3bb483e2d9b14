"""A data set reads nothing but its own files, and no more of them than a machine can hold."""

import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, Image, Value

import typoattack as ta
from tests.conftest import noise
from typoattack.api import Machine
from typoattack.cli import main
from typoattack.core.errors import BrokenImage, UserError
from typoattack.drawing.canvas import decode
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.photographed import Pictures


def png(seed: int) -> bytes:
    data = io.BytesIO()
    noise(seed).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture that is nobody's business."""
    path = tmp_path / "private" / "passport.png"
    path.parent.mkdir()
    noise(99).save(path)
    return path


@pytest.fixture
def table(tmp_path: Path, secret: Path) -> Path:
    """A parquet file of good rows and of rows that point elsewhere."""
    (tmp_path / "set").mkdir()
    noise(7).save(tmp_path / "set" / "own.png")
    pictures = [
        {"bytes": png(0), "path": None},
        {"bytes": png(1), "path": str(secret)},
        {"bytes": None, "path": str(secret)},
        {"bytes": None, "path": "../private/passport.png"},
        {"bytes": None, "path": "http://127.0.0.1:9/picture.png"},
        {"bytes": None, "path": None},
        None,
        {"bytes": None, "path": "own.png"},
        {"bytes": None, "path": "x" * 5000},
        {"bytes": None, "path": "a\0b"},
    ]
    features = Features({"image": Image(), "label": Value("string")})
    path = tmp_path / "set" / "rows.parquet"
    labels = ["cat", "dog"] * (len(pictures) // 2)
    rows = pa.table({"image": pictures, "label": labels}, schema=features.arrow_schema)
    pq.write_table(rows, path)
    return path


ELSEWHERE = (2, 3, 4, 8, 9)
NOTHING = (5, 6)


def opened(table: Path) -> DatasetSpec:
    return DatasetSpec(f"parquet:{table}", label_column="label")


def test_a_row_gives_its_own_bytes_or_a_file_of_its_own_folder(table: Path) -> None:
    data = open_dataset(opened(table))
    assert data[1].image.tobytes() == noise(1).tobytes()
    assert data[7].image.tobytes() == noise(7).tobytes()


@pytest.mark.parametrize("row", ELSEWHERE)
def test_a_row_that_names_a_file_elsewhere_is_a_broken_photograph(table: Path, row: int) -> None:
    with pytest.raises(BrokenImage, match="no file of the data set's own"):
        open_dataset(opened(table))[row].load()


@pytest.mark.parametrize("row", NOTHING)
def test_a_row_that_holds_nothing_is_a_broken_photograph(table: Path, row: int) -> None:
    with pytest.raises(BrokenImage, match="neither bytes nor a path|no picture"):
        open_dataset(opened(table))[row].load()


def test_a_run_names_and_skips_what_it_will_not_read(
    table: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    from typoattack.suite import parse_suite, with_dataset_options

    changes = {"dataset": f"parquet:{table}", "models": [f"local-dir:{tiny_clip}"]}
    suite = parse_suite("question: q\ncanvas: 64\nrecipes: [plain-overlay]", "s", changes)
    suite = with_dataset_options(suite, label_column="label")
    run = ta.run(suite, out=tmp_path / "run", machine=Machine("cpu", workers=0))
    assert [skip.sample for skip in run.skipped] == [
        f"{row:08d}" for row in sorted(ELSEWHERE + NOTHING)
    ]
    assert run.predictions["sample"].nunique() == 3


def test_generate_copies_no_file_from_elsewhere(
    table: Path, secret: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["generate", "quick", "-d", f"parquet:{table}", "--label-column", "label"]
    with pytest.raises(SystemExit) as stop:
        main([*command, "-r", "plain-overlay", "--canvas", "64", "--out", str(out)])
    assert stop.value.code == 0
    assert "skipped 00000002" in capsys.readouterr().err
    rows = (out / "metadata.csv").read_text() if (out / "metadata.csv").is_file() else ""
    assert rows or list(out.rglob("*")), "nothing was written"
    pixels = noise(99).resize((64, 64), 3).tobytes()
    assert all(decode(p).tobytes() != pixels for p in out.rglob("*.png"))


@pytest.fixture
def linked(photo_folder: Path, secret: Path) -> Path:
    (photo_folder / "cat" / "9.png").symlink_to(secret)
    return photo_folder


def test_a_folder_whose_link_leads_out_is_refused_unless_links_are_followed(linked: Path) -> None:
    with pytest.raises(UserError, match=r"'cat/9.png' is a link to .*passport.png.*--follow-links"):
        open_dataset(DatasetSpec(f"folder:{linked}"))
    assert len(open_dataset(DatasetSpec(f"folder:{linked}", follow_links=True))) == 10


def test_a_link_within_the_folder_is_a_file_like_any_other(photo_folder: Path) -> None:
    (photo_folder / "cat" / "9.png").symlink_to(photo_folder / "dog" / "0.png")
    assert len(open_dataset(DatasetSpec(f"folder:{photo_folder}"))) == 10


def test_a_csv_whose_link_leads_out_is_refused_unless_links_are_followed(linked: Path) -> None:
    (linked / "all.csv").write_text("image,label,word\ncat/9.png,cat,dog\ndog/0.png,dog,\n")
    with pytest.raises(UserError, match="is a link to"):
        open_dataset(DatasetSpec(f"csv:{linked / 'all.csv'}"))
    assert len(open_dataset(DatasetSpec(f"csv:{linked / 'all.csv'}", follow_links=True))) == 2


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Materzyńska's layout in a zip: two photographs and their annotations."""
    path = tmp_path / "set.zip"
    entries = {
        f"{name}.png": {"true object": name, "typographic attack label": ""}
        for name in ("cat", "dog")
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("annotation.json", json.dumps(entries) + " " * 4000)
        made.writestr("cat.png", png(1))
        made.writestr("dog.png", png(2))
    return path


def patched(path: Path, member: str, at_local: int, at_central: int, value: int) -> None:
    """Set a byte of both headers of a member: flags lie at 6 and 8, the method at 8 and 10."""
    data = bytearray(path.read_bytes())
    places = []
    start = 0
    while (local := data.find(b"PK\3\4", start)) >= 0:
        if data[local + 30 : local + 30 + len(member)] == member.encode():
            places.append(local + at_local)
        start = local + 4
    start = 0
    while (central := data.find(b"PK\1\2", start)) >= 0:
        if data[central + 46 : central + 46 + len(member)] == member.encode():
            places.append(central + at_central)
        start = central + 4
    assert len(places) == 2
    for place in places:
        data[place] = value
    path.write_bytes(data)


def test_the_archive_opens_as_it_is(archive: Path) -> None:
    assert len(open_dataset(DatasetSpec(f"materzynska:{archive}"))) == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda p: patched(p, "annotation.json", 6, 8, 1), "encrypted"),
        (lambda p: patched(p, "annotation.json", 8, 10, 99), "cannot unpack"),
        (lambda p: patched(p, "annotation.json", 30, 46, 0), "there is no annotation.json"),
    ],
)
def test_an_annotation_that_cannot_be_unpacked_is_an_error_in_words(
    archive: Path, damage, said: str
) -> None:
    damage(archive)
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"materzynska:{archive}"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: patched(p, "cat.png", 6, 8, 1),
        lambda p: patched(p, "cat.png", 8, 10, 99),
    ],
)
def test_a_picture_that_cannot_be_unpacked_is_broken_and_no_more(archive: Path, damage) -> None:
    damage(archive)
    data = open_dataset(DatasetSpec(f"materzynska:{archive}"))
    with pytest.raises(BrokenImage, match="cannot be read from the zip"):
        data[0].load()
    assert data[1].image.size == noise(2).size


def test_damaged_data_in_an_archive_is_told_from_a_missing_file(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    begin = data.index(b"annotation.json") + len("annotation.json")
    data[begin : begin + 40] = bytes(40)
    archive.write_bytes(data)
    with pytest.raises(UserError, match="the zip is damaged"):
        open_dataset(DatasetSpec(f"materzynska:{archive}"))


def test_an_annotation_of_gigabytes_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("cat.png", png(1))
        with made.open("annotation.json", "w") as member:
            for _ in range(257):
                member.write(b" " * (1 << 20))
    with pytest.raises(UserError, match="more than 256 MiB"):
        Pictures(str(path), "materzynska:x").text("annotation.json")
