"""The list of real photographs, and how they are laid out."""

import hashlib
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import imagenet_class_names

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "units"))
import real_photographs
from real_photographs import Stamp


def test_the_list_names_two_photographs_or_more_of_eight_imagenet_classes_or_more() -> None:
    listed = real_photographs.stamps()
    counts = Counter(stamp.class_name for stamp in listed)
    assert set(counts) <= set(imagenet_class_names())
    assert len(counts) >= 8
    assert min(counts.values()) >= 2
    assert len({stamp.sha256 for stamp in listed}) == len(listed)


def test_stamps_become_a_data_set_of_white_squares(tmp_path: Path) -> None:
    listed = []
    for name, kind in (("a/x.png", "lion"), ("b/y.png", "duck"), ("b/z.png", "duck")):
        path = tmp_path / "stamps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_out = Image.new("RGBA", (50, 20), (200, 10, 10, 0))
        cut_out.paste((10, 20, 200, 255), (10, 5, 40, 15))
        cut_out.save(path)
        listed.append(Stamp(name, kind, hashlib.sha256(path.read_bytes()).hexdigest()))
    out = tmp_path / "photographs"
    real_photographs.lay_out(listed, tmp_path / "stamps", out)
    found = open_dataset(DatasetSpec(f"folder:{out}"))
    names = [found.task.class_names[found[i].label] for i in range(3)]
    assert sorted(names) == ["duck", "duck", "lion"]
    pixels = np.asarray(found[0].image)
    assert pixels.shape == (58, 58, 3)
    blue = (pixels == (10, 20, 200)).all(axis=2)
    assert blue.sum() == 300
    assert (pixels[~blue] == 255).all()
    wrong = [Stamp(listed[0].file, "lion", "0" * 64)]
    with pytest.raises(UserError, match="another picture than"):
        real_photographs.lay_out(wrong, tmp_path / "stamps", tmp_path / "other")
    with pytest.raises(UserError, match="has no a/x"):
        real_photographs.lay_out(wrong, tmp_path, tmp_path / "other")
    assert not (tmp_path / "other").exists()
