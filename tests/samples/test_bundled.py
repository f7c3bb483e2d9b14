import pickle

from typoattack.samples import DatasetSpec, open_dataset


def test_twenty_photographs_with_imagenets_labels() -> None:
    data = open_dataset(DatasetSpec("bundled"))
    assert len(data) == 20
    assert data[0].id == "imagenet_00_243.jpg"
    assert data.task.class_names[data[0].label] == "Bullmastiff"
    assert data[0].image.size == (512, 512)
    assert len(data.task.class_names) == 1000


def test_the_data_set_crosses_to_a_worker() -> None:
    data = open_dataset(DatasetSpec("bundled"))
    again = pickle.loads(pickle.dumps(data))
    assert again[3].image.tobytes() == data[3].image.tobytes()
