"""Goh et al.'s photographs: objects under paper notes."""

from pathlib import Path

import pytest

from tests.conftest import noise
from tests.real_data import FOLDER, needs_goh
from typoattack.core.errors import UserError
from typoattack.samples import DatasetSpec, open_dataset


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two objects of one round and one of another, by hand."""
    names = ["apple-blank", "apple-ipod", "apple-apple", "mug-blank", "mug-dog", "mug-dollars"]
    for folder, files in (("round-2", names), ("round-3", ["mug-blank", "mug-pizza"])):
        (tmp_path / folder).mkdir()
        for place, name in enumerate(files):
            noise(place).save(tmp_path / folder / f"{name}.jpg")
    return tmp_path


def test_a_sample_is_an_object_and_its_notes_are_variants(photographs: Path) -> None:
    data = open_dataset(DatasetSpec(f"goh:{photographs}"))
    names = data.task.class_names
    apple, mug, again = (data[index] for index in range(3))
    assert [s.id for s in (apple, mug, again)] == ["round-2/apple", "round-2/mug", "round-3/mug"]
    assert [names[s.label] for s in (apple, mug)] == ["Granny Smith apple", "coffee mug"]
    assert all(sample.has_clean for sample in (apple, mug, again))
    assert [(v.kind, v.word, v.written) for v in apple.variants] == [
        ("own-word", "Granny Smith apple", "apple"),
        ("note", "iPod", "iPod"),
    ]
    assert [(v.word, v.written) for v in mug.variants] == [("dog", "dog"), ("piggy bank", "$$$")]
    assert "dog" not in names


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("chair-blank.jpg", "'chair-blank.jpg' must be called like apple-ipod.jpg"),
        ("apple.jpg", "must be called like"),
        ("phone-ipod.jpg", "'phone' has no clean picture phone-blank.jpg"),
    ],
)
def test_other_pictures_are_refused_by_name(tmp_path: Path, file: str, said: str) -> None:
    noise(1).save(tmp_path / "apple-blank.jpg")
    noise(2).save(tmp_path / file)
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"goh:{tmp_path}"))


@needs_goh
def test_the_authors_own_photographs_open_as_they_are() -> None:
    second = open_dataset(DatasetSpec(f"goh:{FOLDER / 'goh2021' / 'in-the-wild-2'}"))
    assert len(second) == 9
    assert {len(second[index].variants) for index in range(9)} == {18}
    own = [v for i in range(9) for v in second[i].variants if v.kind == "own-word"]
    assert len(own) == 9 - 1  # no note says "phone"
    third = open_dataset(DatasetSpec(f"goh:{FOLDER / 'goh2021' / 'in-the-wild-3'}"))
    assert len(third) == 7
    assert second[0].image.size == (322, 322)
