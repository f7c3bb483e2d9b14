"""Blur, compression and noise spoil the writing and leave the photograph alone."""

import numpy as np
import pytest
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.drawing.finish import blurred, changed, compressed, noise_level, noisy


def scene() -> Image.Image:
    pixels = stream("scene").integers(60, 200, (128, 128, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


BOX = (40, 48, 88, 80)


def written(canvas: Image.Image) -> Image.Image:
    image = canvas.copy()
    image.paste((255, 255, 255), BOX)
    image.paste((0, 0, 0), (50, 56, 60, 72))
    return image


def test_blur_softens_the_writing_and_only_it() -> None:
    canvas = scene()
    image = written(canvas)
    region = blurred(canvas, image, BOX, 2.0)
    inside = np.asarray(image.crop((46, 54, 66, 74)), int)[..., 0]
    assert len(np.unique(inside)) > 8
    difference = np.asarray(changed(canvas, image)).copy()
    difference[region[1] : region[3], region[0] : region[2]] = 0
    assert not difference.any()
    assert np.asarray(changed(canvas, image))[20:30].max() == 0, "the scene keeps its grain"


def test_the_middle_of_a_blurred_label_hides_the_scene() -> None:
    canvas = scene()
    image = written(canvas)
    blurred(canvas, image, BOX, 1.0)
    assert image.getpixel((78, 64)) == (255, 255, 255)


def test_compression_is_what_jpeg_does_to_the_blocks_around_the_writing() -> None:
    canvas = scene()
    image = written(canvas)
    region = compressed(image, BOX, 5)
    assert region == (32, 48, 96, 80)
    difference = np.asarray(changed(written(canvas), image))
    assert difference[48:80, 32:96].mean() > 5
    assert not difference[:48].any()
    assert not difference[80:].any()


def test_better_quality_changes_less() -> None:
    def damage(quality: int) -> float:
        image = written(scene())
        compressed(image, BOX, quality)
        return float(np.asarray(changed(written(scene()), image)).mean())

    assert damage(5) > 1.3 * damage(90) > 0


def test_noise_falls_on_what_was_written_only() -> None:
    canvas = scene()
    image = written(canvas)
    noisy(canvas, image, (30, 40, 100, 100), 6.0, stream(1))
    unwritten = np.asarray(changed(canvas, written(canvas))) == 0
    assert not np.asarray(changed(canvas, image))[unwritten].any()
    white = np.asarray(image.crop((64, 50, 86, 78)), float)
    assert white.std() > 1


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_the_noise_of_a_picture_is_measured(sigma: float) -> None:
    shade = np.linspace(60, 180, 200)[None, :] + stream("n").normal(0, sigma, (200, 200))
    picture = Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)).convert("RGB")
    assert noise_level(picture) == pytest.approx(sigma, rel=0.25)


def test_a_smooth_picture_has_no_noise() -> None:
    assert noise_level(Image.linear_gradient("L").convert("RGB")) < 0.5
    assert noise_level(Image.new("RGB", (2, 2))) == 0
