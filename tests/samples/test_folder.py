from pathlib import Path

import pytest

from tests.conftest import noise
from typoattack.core.errors import BrokenImage, UserError
from typoattack.samples import DatasetSpec, open_dataset


def test_subfolders_are_classes_and_ids_are_relative(photo_folder: Path) -> None:
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    assert data.task.class_names == ("cat", "dog", "fish")
    assert [data[i].id for i in (0, 4, 8)] == ["cat/0.png", "dog/1.png", "fish/2.png"]
    assert [data[i].label for i in range(9)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert data[0].image.tobytes() == noise(0).tobytes()


def test_the_fingerprint_changes_with_the_files(photo_folder: Path) -> None:
    before = open_dataset(DatasetSpec(f"folder:{photo_folder}")).fingerprint
    assert before == open_dataset(DatasetSpec(f"folder:{photo_folder}")).fingerprint
    (photo_folder / "cat" / "0.png").unlink()
    assert before != open_dataset(DatasetSpec(f"folder:{photo_folder}")).fingerprint


def test_wordnet_folders_are_imagenets_classes(tmp_path: Path) -> None:
    for synset in ("n03877472", "n01440764"):
        (tmp_path / synset).mkdir()
        noise(1).save(tmp_path / synset / "a.jpg")
    data = open_dataset(DatasetSpec(f"folder:{tmp_path}"))
    assert len(data.task.class_names) == 1000
    assert [data.task.class_names[data[i].label] for i in range(2)] == ["tench", "pajamas"]


def test_a_file_can_name_the_classes(photo_folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Katze\nHund\nFisch\n")
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}", class_names=str(names)))
    assert data.task.class_names == ("Katze", "Hund", "Fisch")


def test_a_class_name_file_of_the_wrong_length_is_refused(
    photo_folder: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("cat\ndog\n")
    with pytest.raises(UserError, match=r"names\.txt' has 2 lines.*3 classes"):
        open_dataset(DatasetSpec(f"folder:{photo_folder}", class_names=str(names)))


def test_a_damaged_picture_breaks_when_it_is_decoded_and_not_before(photo_folder: Path) -> None:
    (photo_folder / "cat" / "0.png").write_bytes(b"not a picture")
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    with pytest.raises(BrokenImage):
        _ = data[0].image


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: root / "missing", "no such folder"),
        (lambda root: root, "no subfolders"),
        (lambda root: ((root / "a").mkdir(), (root / "b").mkdir(), root)[2], "no pictures"),
    ],
)
def test_a_folder_without_pictures_is_refused(tmp_path: Path, make, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"folder:{make(tmp_path)}"))


def test_one_class_is_no_question(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    noise(1).save(tmp_path / "cat" / "a.png")
    with pytest.raises(UserError, match="at least two"):
        open_dataset(DatasetSpec(f"folder:{tmp_path}"))


@pytest.mark.parametrize("spec", ["folder", "folder:", "bundled:x", "nonsense:x"])
def test_a_malformed_spec_is_explained(spec: str) -> None:
    with pytest.raises(UserError, match="is written|unknown dataset"):
        open_dataset(DatasetSpec(spec))
