"""What a camera leaves is taken from the photograph, and only what was drawn gets it."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.recipes.photographs import photograph
from typoattack.core.randomness import stream
from typoattack.drawing.finish import reread
from typoattack.drawing.photographed import Camera, as_photographed, camera_of

BOX = (60, 60, 140, 140)


def scene(side: int = 224) -> Image.Image:
    """A picture with sharp edges, as a photograph in focus has."""
    picture = Image.new("RGB", (side, side), (120, 130, 110))
    rng = stream("scene")
    for _ in range(60):
        left, top, wide, tall = rng.integers(0, side, 4).tolist()
        shade = tuple(rng.integers(20, 235, 3).tolist())
        picture.paste(shade, (left, top, left + wide // 4, top + tall // 4))
    return picture


def drawn(canvas: Image.Image) -> Image.Image:
    made = canvas.copy()
    made.paste((230, 220, 120), BOX)
    return made


def test_a_soft_photograph_makes_drawn_edges_soft_and_a_sharp_one_does_not() -> None:
    sharp = scene()
    assert camera_of(sharp, BOX).blur == 0
    soft = [
        camera_of(sharp.filter(ImageFilter.GaussianBlur(radius)), BOX).blur for radius in (2, 4)
    ]
    assert 0.5 < soft[0] < soft[1]


def test_noise_follows_that_of_the_photograph_up_to_a_limit() -> None:
    def noisy(sigma: float) -> float:
        grain = stream("n").normal(0, sigma, (224, 224, 1))
        pixels = np.clip(np.asarray(scene(), int) + np.rint(grain), 0, 255)
        return camera_of(Image.fromarray(pixels.astype(np.uint8)), BOX).noise

    assert noisy(0) < noisy(1.0) < noisy(40)
    assert noisy(40) == noisy(60)


def test_jpeg_is_found_where_its_blocks_are_intact_and_not_where_they_were_resampled() -> None:
    textured = photograph(224, 3)
    assert camera_of(textured, BOX).jpeg == 0
    weak, strong = (camera_of(reread(textured, quality), BOX).jpeg for quality in (70, 30))
    assert weak >= strong > 0
    resampled = reread(textured, 30).resize((200, 200), Image.Resampling.BICUBIC)
    assert camera_of(resampled, BOX).jpeg == 0


@pytest.mark.parametrize("side", [112, 224])
def test_an_enlarged_photograph_has_no_jpeg_grid(side: int) -> None:
    for number in range(4):
        small = photograph(side, number)
        enlarged = small.resize((448, 448), Image.Resampling.BICUBIC)
        assert camera_of(enlarged, BOX).jpeg == 0


def test_a_scene_without_edges_leaves_the_word_readable() -> None:
    sky = np.repeat(np.linspace(20, 235, 448), 448).reshape(448, 448).astype(np.uint8)
    canvas = Image.merge("RGB", [Image.fromarray(sky)] * 3)
    assert camera_of(canvas, BOX).blur < 5


@pytest.mark.parametrize("jpeg", [0, 80])
@pytest.mark.parametrize("blur", [0.0, 1.2])
def test_the_photograph_around_stays_as_it_was(jpeg: int, blur: float) -> None:
    canvas = scene()
    made = drawn(canvas)
    where = as_photographed(canvas, made, BOX, Camera(blur, 2.0, jpeg), stream(1), fibre=1.0)
    before, after = np.asarray(canvas, int), np.asarray(made, int)
    changed = (before != after).any(axis=2)
    left, top, right, bottom = Image.fromarray(changed).getbbox() or (0, 0, 0, 0)
    assert where[0] <= left
    assert where[1] <= top
    assert where[2] >= right
    assert where[3] >= bottom
    reach = round(3 * blur) + 1 if blur else 0
    assert left >= BOX[0] - reach
    assert bottom <= BOX[3] + reach


def test_noise_and_fibre_and_jpeg_each_leave_their_trace() -> None:
    canvas = scene()

    def paper(camera: Camera, fibre: float = 0.0) -> np.ndarray:
        made = drawn(canvas)
        as_photographed(canvas, made, BOX, camera, stream(1), fibre=fibre)
        return np.asarray(made, float)[80:120, 80:120, 1]

    plain = paper(Camera(0, 0, 95)).std()
    assert plain < 1
    assert paper(Camera(0, 3.0, 95)).std() > 2
    assert paper(Camera(0, 0, 95), fibre=3.0).std() > plain + 0.5
    noisy, saved = paper(Camera(0, 3.0, 95)), paper(Camera(0, 3.0, 15))
    assert np.abs(np.diff(saved, axis=1)).mean() < 0.8 * np.abs(np.diff(noisy, axis=1)).mean()


def test_on_a_resampled_photograph_colour_is_as_smooth_as_jpeg_left_it() -> None:
    """But without a grid, which lay elsewhere before."""
    canvas = scene()

    def paper(jpeg: int) -> np.ndarray:
        made = drawn(canvas)
        as_photographed(canvas, made, BOX, Camera(0, 2.0, jpeg), stream(1), fibre=1.0)
        return np.asarray(made, float)[80:120, 80:120]

    fine, resampled = (
        np.abs(np.diff(paper(j)[..., 0] - paper(j)[..., 2], axis=1)) for j in (98, 0)
    )
    assert resampled.mean() < 0.6 * fine.mean()
    steps = np.abs(np.diff(paper(0).sum(axis=2), axis=1)).mean(axis=0)
    at_grid = steps[[i for i in range(39) if (80 + i) % 8 == 7]].mean()
    assert at_grid < 1.3 * steps.mean()


def test_the_same_stream_leaves_the_same_pixels_whatever_is_written() -> None:
    canvas = scene()
    one, other = drawn(canvas), drawn(canvas)
    other.paste((20, 20, 20), (90, 90, 100, 100))
    camera = Camera(0.0, 2.0, 0)
    for made in (one, other):
        as_photographed(canvas, made, BOX, camera, stream(4), fibre=1.0)
    apart = (np.asarray(one) != np.asarray(other)).any(axis=2)
    left, top, right, bottom = Image.fromarray(apart).getbbox() or (0, 0, 0, 0)
    # A block of JPEG's colour and what is resampled from it spread the letters' change.
    assert min(left, top) >= 90 - 20
    assert max(right, bottom) <= 100 + 20


@pytest.mark.parametrize("side", [4, 15, 32, 63])
def test_tiny_canvases_are_no_trouble(side: int) -> None:
    canvas = scene(side)
    made = canvas.copy()
    made.paste((230, 220, 120), (1, 1, side - 1, side - 1))
    told = camera_of(canvas, (0, 0, side, side))
    box = (-2, -2, side + 5, side + 5)
    assert as_photographed(canvas, made, box, told, stream(1))[2:] == (side, side)
