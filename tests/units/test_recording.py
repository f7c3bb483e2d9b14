"""Recordings: every picture's answers, streamed to files."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import noise
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.units.anatomy import Anatomy
from typoattack.units.recording import preprocessed, record, unit_values


def canvases(count: int) -> Iterator[Image.Image]:
    return (noise(number, 32, 32) for number in range(count))


def test_what_is_recorded_is_what_the_layers_say_whatever_the_batches(
    tiny_vit: Anatomy, tmp_path: Path
) -> None:
    layers = [tiny_vit.layer("mlp.0"), tiny_vit.layer("heads.1")]
    made = record(tiny_vit, layers, canvases(7), 7, tmp_path / "a", batch_size=3)
    expected = unit_values(tiny_vit, layers, preprocessed(tiny_vit, list(canvases(7))))
    for layer in layers:
        values = made.values(layer.name)
        assert values.shape == (7, layer.units)
        np.testing.assert_allclose(values, expected[layer.name], rtol=1e-4, atol=1e-6)


def test_pictures_are_taken_a_batch_at_a_time(tiny_vit: Anatomy, tmp_path: Path) -> None:
    ahead = 0
    shown = 0

    def counted() -> Iterator[Image.Image]:
        nonlocal ahead
        for number, picture in enumerate(canvases(40)):
            ahead = max(ahead, number - shown)
            yield picture

    def told(done: int, total: int) -> None:
        nonlocal shown
        shown = done
        assert total == 40

    record(
        tiny_vit, [tiny_vit.layer("mlp.0")], counted(), 40, tmp_path, batch_size=4, progress=told
    )
    assert ahead < 4


def test_memory_does_not_grow_with_the_pictures(tiny_vit: Anatomy, tmp_path: Path) -> None:
    peaks = []
    for count in (32, 256):
        tracemalloc.start()
        layer = tiny_vit.layer("mlp.0")
        record(tiny_vit, [layer], canvases(count), count, tmp_path / str(count), batch_size=16)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 256 * 128 * 4 / 2  # less than half of what is stored


def test_two_layers_of_similar_names_have_files_of_their_own(
    tiny_vit: Anatomy, tmp_path: Path
) -> None:
    layers = [tiny_vit.layer("mlp.0@mean"), tiny_vit.layer("mlp.0@max")]
    made = record(tiny_vit, layers, canvases(2), 2, tmp_path)
    assert len(set(made.files.values())) == 2
    assert not list(tmp_path.glob("*.part"))


def test_an_answer_that_is_no_number_is_an_error(tiny_vit: Anatomy, tmp_path: Path) -> None:
    layer = tiny_vit.layer("mlp.0")
    with (
        layer.site.attach(lambda found: found / 0),
        pytest.raises(UserError, match="'mlp.0' answered NaN"),
    ):
        record(tiny_vit, [tiny_vit.layer("mlp.0")], canvases(1), 1, tmp_path)
