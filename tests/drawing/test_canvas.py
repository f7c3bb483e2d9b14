"""Any picture becomes the same square RGB canvas, or is named as broken."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure
from typoattack.drawing.canvas import decode, square_canvas


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stored = io.BytesIO()
    image.save(stored, form, **options)
    return stored.getvalue()


def gradient(width: int = 60, height: int = 40) -> Image.Image:
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


def test_a_jpeg_with_an_orientation_tag_is_turned_upright() -> None:
    image = Image.new("RGB", (40, 20), "blue")
    image.paste((255, 0, 0), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: turn by 90 degrees clockwise
    upright = decode(encoded(image, "JPEG", exif=exif, quality=95))
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5))[0] > 200, "the left half must come out on top"


def test_a_damaged_exif_block_does_not_break_the_picture() -> None:
    data = encoded(gradient(), "JPEG", exif=b"Exif\x00\x00garbage that is no TIFF")
    assert decode(data).size == (60, 40)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert decode(encoded(clear, "PNG")).getpixel((4, 4)) == (255, 255, 255)
    half = Image.new("LA", (8, 8), (0, 128))
    assert decode(encoded(half, "PNG")).getpixel((4, 4)) == (127, 127, 127)


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.paste(1, (0, 0, 4, 8))
    drawn = decode(encoded(palette, "PNG", transparency=0))
    assert drawn.getpixel((6, 4)) == (255, 255, 255)
    assert drawn.getpixel((2, 4)) == (200, 100, 50)


def test_sixteen_bit_greys_keep_their_shade() -> None:
    deep = Image.fromarray(np.full((6, 6), 65535 // 2, np.uint16))
    assert decode(encoded(deep, "PNG")).getpixel((3, 3)) == (127, 127, 127)
    assert decode(encoded(deep, "TIFF")).getpixel((3, 3)) == (127, 127, 127)


def test_floating_point_greys_from_0_to_1_are_scaled() -> None:
    values = Image.fromarray(np.full((6, 6), 0.5, np.float32))
    assert decode(encoded(values, "TIFF")).getpixel((3, 3)) == (128, 128, 128)


def test_cmyk_grey_and_bilevel_become_rgb() -> None:
    for mode in ("CMYK", "L", "1"):
        form = "PNG" if mode == "1" else "JPEG"
        assert decode(encoded(gradient().convert(mode), form)).mode == "RGB"


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data).getpixel((5, 5)) == (255, 0, 0)


def test_a_path_and_a_picture_are_decoded_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "wrong-extension.txt"
    path.write_bytes(encoded(gradient(), "PNG"))
    assert decode(path).tobytes() == decode(gradient()).tobytes() == gradient().tobytes()


def test_a_picture_with_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(gradient(), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 40 - 1)
    with pytest.raises(BrokenImage, match="decompression bomb"):
        decode(data)


_JPEG = encoded(gradient(300, 200), "JPEG")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a picture"),
        (b"certainly no picture", "not a picture"),
        (_JPEG[: len(_JPEG) // 2], "cannot be decoded"),
        (_JPEG[:40], "cannot be decoded|not a picture"),
    ],
)
def test_broken_files_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenImage, match=reason):
        decode(data)


def test_a_file_that_cannot_be_read_is_no_broken_picture(tmp_path: Path) -> None:
    with pytest.raises(RunFailure, match=r"nowhere\.jpg.*No such file"):
        decode(tmp_path / "nowhere.jpg")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 255))
def test_a_file_with_any_byte_changed_decodes_or_is_named(at: int, value: int) -> None:
    data = bytearray(encoded(gradient(), "PNG"))
    data[at % len(data)] = value
    with contextlib.suppress(BrokenImage):
        assert decode(bytes(data)).mode == "RGB"


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (10, 20_000), (3, 1000), (448, 448)])
def test_every_shape_becomes_the_canvas(size: tuple[int, int]) -> None:
    canvas = square_canvas(Image.new("RGB", size, (9, 80, 200)), 64)
    assert canvas.size == (64, 64)
    assert canvas.getextrema() == ((9, 9), (80, 80), (200, 200))


def test_the_centre_is_what_is_kept() -> None:
    image = Image.new("RGB", (300, 100), "black")
    image.paste((255, 255, 255), (100, 0, 200, 100))
    canvas = square_canvas(image, 50)
    assert canvas.crop((1, 0, 49, 50)).getextrema() == ((255, 255),) * 3


def test_cutting_first_is_the_same_as_resizing_first() -> None:
    image = gradient(600, 400)
    whole = image.resize((336, 224), Image.Resampling.BICUBIC).crop((56, 0, 280, 224))
    apart = np.abs(np.asarray(whole, int) - np.asarray(square_canvas(image, 224), int))
    assert apart.max() <= 2
