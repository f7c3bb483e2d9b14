import pickle
from pathlib import Path

import datasets
import pytest

from tests.conftest import noise
from typoattack.core.errors import BrokenImage, UserError
from typoattack.samples import DatasetSpec, open_dataset


def rows(**columns: object) -> datasets.Dataset:
    features = {"picture": datasets.Image(), "kind": datasets.ClassLabel(names=["cat", "dog"])}
    return datasets.Dataset.from_dict(
        {"picture": [noise(i) for i in range(4)], "kind": [0, 1, 1, 0], **columns},
        features=datasets.Features(
            {**features, **{name: datasets.Value("string") for name in columns}}
        ),
    )


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    rows(place=["a", "b", "c", "d"]).to_parquet(str(tmp_path / "data.parquet"))
    return tmp_path / "data.parquet"


def test_columns_are_found_by_their_type(parquet: Path) -> None:
    data = open_dataset(DatasetSpec(f"parquet:{parquet}"))
    assert data.task.class_names == ("cat", "dog")
    assert [data[i].label for i in range(4)] == [0, 1, 1, 0]
    assert data[2].image.tobytes() == noise(2).tobytes()
    assert len({data[i].id for i in range(4)}) == 4


def test_a_column_of_names_can_be_the_label(parquet: Path) -> None:
    data = open_dataset(DatasetSpec(f"parquet:{parquet}", label_column="place"))
    assert data.task.class_names == ("a", "b", "c", "d")


def test_a_local_imagefolder_is_opened_by_datasets(photo_folder: Path) -> None:
    data = open_dataset(DatasetSpec(f"imagefolder:{photo_folder}"))
    assert data.task.class_names == ("cat", "dog", "fish")
    assert data[8].image.tobytes() == noise(22).tobytes()


def test_a_local_folder_opens_as_a_hub_data_set_does(parquet: Path) -> None:
    data = open_dataset(DatasetSpec(f"hf:{parquet.parent}:train"))
    assert len(data) == 4


def test_pictures_stay_encoded_until_asked_for_and_cross_to_a_worker(parquet: Path) -> None:
    data = open_dataset(DatasetSpec(f"parquet:{parquet}"))
    again = pickle.loads(pickle.dumps(data))
    assert again[1].image.tobytes() == noise(1).tobytes()
    assert len(pickle.dumps(data[1])) < 200_000


def test_a_row_without_a_picture_is_broken(tmp_path: Path) -> None:
    table = rows()
    table = datasets.Dataset.from_list(
        [{"picture": None, "kind": 0}, *list(table)], features=table.features
    )
    table.to_parquet(str(tmp_path / "d.parquet"))
    with pytest.raises(BrokenImage, match="no picture"):
        _ = open_dataset(DatasetSpec(f"parquet:{tmp_path / 'd.parquet'}"))[0].image


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label_column": "nothing"}, "no column 'nothing'; there are"),
        ({"image_column": "kind"}, "holds no pictures"),
    ],
)
def test_a_wrong_column_is_named(parquet: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"parquet:{parquet}", **options))


def test_what_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no"):
        open_dataset(DatasetSpec(f"parquet:{tmp_path / 'no.parquet'}"))
    with pytest.raises(UserError, match=r"hf:nobody/nothing.*HF_HUB_OFFLINE forbids"):
        open_dataset(DatasetSpec("hf:nobody/nothing"))
