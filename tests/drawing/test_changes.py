"""What was drawn on a canvas is found in the pixels, whoever drew it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import noise
from typoattack.drawing.changes import Ground, four_bytes

Spots = list[tuple[int, int, int, int]]


@settings(deadline=None, max_examples=100)
@given(
    side=st.integers(2, 70),
    spots=st.lists(st.tuples(*[st.integers(0, 69)] * 3, st.integers(0, 2)), max_size=5),
)
def test_boxes_hold_every_changed_pixel_and_the_bytes_are_the_picture_s(
    side: int, spots: Spots
) -> None:
    canvas = noise(side, side, side)
    image = canvas.copy()
    for x, y, value, channel in spots:
        pixel = list(canvas.getpixel((x % side, y % side)))  # type: ignore[arg-type]
        pixel[channel] = value
        image.putpixel((x % side, y % side), tuple(pixel))
    ground = Ground(canvas)
    changed = ground.changed(image)
    differs = (np.asarray(canvas) != np.asarray(image)).any(axis=2)
    for left, top, right, bottom in changed:
        assert 0 <= left < right <= side
        assert 0 <= top < bottom <= side
        differs[top:bottom, left:right] = False
    assert not differs.any()
    for drawn, boxes in ((image, changed), (canvas, ())):
        with ground.packed(drawn, boxes) as packed:
            assert packed.tobytes() == drawn.tobytes()


def test_what_lies_far_apart_gets_a_box_each() -> None:
    canvas = noise(1, 300, 300)
    image = canvas.copy()
    for corner in ((10, 10), (200, 10), (10, 200)):
        image.paste("red", (*corner, corner[0] + 10, corner[1] + 10))
    boxes = Ground(canvas).changed(image)
    assert boxes == ((10, 10, 20, 20), (200, 10, 210, 20), (10, 200, 20, 210))


def test_nothing_drawn_is_no_box() -> None:
    canvas = noise(1, 33, 33)
    assert Ground(canvas).changed(canvas.copy()) == ()


def test_pillow_without_shared_memory_gives_the_same_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = noise(1, 20, 20)
    shared = four_bytes(image)[:, :, :3].copy()
    monkeypatch.delattr(Image.Image, "__arrow_c_array__", raising=False)
    np.testing.assert_array_equal(four_bytes(image)[:, :, :3], shared)


def test_a_picture_in_several_blocks_of_memory_is_read_too() -> None:
    large = noise(1, 2200, 2200)
    np.testing.assert_array_equal(four_bytes(large)[:, :, :3], np.asarray(large))
