"""Resizing only what was drawn gives the bytes of resizing the whole."""

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms

from tests.conftest import noise
from typoattack.drawing.changes import Ground
from typoattack.models.mini import Mini, MiniBlind
from typoattack.models.parts import CanvasInputs, SquareResize, square_resize
from typoattack.models.pixels import Bicubic, TwoStep, drawn_input

FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def torchvision_resize(side: int, resample: Image.Resampling) -> TwoStep:
    mode = transforms.InterpolationMode[resample.name]
    return TwoStep(transforms.Compose([transforms.Resize(side, mode), transforms.CenterCrop(side)]))


def scribbled(canvas: Image.Image, seed: int, boxes: int) -> Image.Image:
    """The canvas with rectangles of noise on it."""
    rng, side = np.random.default_rng(seed), canvas.width
    image = canvas.copy()
    for number in range(boxes):
        wide, tall = (int(n) for n in rng.integers(1, side + 1, 2))
        at = int(rng.integers(0, side - wide + 1)), int(rng.integers(0, side - tall + 1))
        image.paste(noise(seed + number + 1, wide, tall), at)
    return image


@settings(deadline=None, max_examples=150)
@given(
    before=st.integers(8, 160),
    after=st.integers(4, 160),
    resample=st.sampled_from(FILTERS),
    boxes=st.integers(1, 4),
    seed=st.integers(0, 2**20),
)
def test_a_part_has_the_bytes_of_the_whole(
    before: int, after: int, resample: Image.Resampling, boxes: int, seed: int
) -> None:
    preprocess = torchvision_resize(after, resample)
    canvas = noise(seed, before, before)
    image = scribbled(canvas, seed, boxes)
    changed = Ground(canvas).changed(image)
    made = CanvasInputs(preprocess, canvas).of(image, changed)
    assert torch.equal(made, drawn_input(preprocess, image))


@pytest.mark.parametrize("after", [224, 256, 288, 336, 378, 384, 448, 512])
@pytest.mark.parametrize("resample", FILTERS, ids=lambda one: one.name)
def test_every_place_of_a_small_change_has_the_bytes_of_the_whole(
    after: int, resample: Image.Resampling
) -> None:
    """At the sizes of published models, on the default canvas, in steps over its diagonal."""
    resize = square_resize(torchvision_resize(after, resample), (448, 448))
    assert resize == SquareResize(448, after, resample)
    canvas = noise(1, 448, 448)
    for corner in range(0, 440, 37):
        image = canvas.copy()
        image.paste(noise(2, 8, 8), (corner, corner))
        whole = image.resize((after, after), resample)
        part, left, top = resize.part(image, (corner, corner, corner + 8, corner + 8))
        again = canvas.resize((after, after), resample)
        again.paste(part, (left, top))
        assert again.tobytes() == whole.tobytes()
        assert part.width < after / 2


@pytest.mark.parametrize(
    "preprocess",
    [
        Mini.preprocess,
        MiniBlind.preprocess,
        torchvision_resize(32, FILTERS[1]),
        TwoStep(open_clip.image_transform(32, is_train=False).transforms[0]),
    ],
    ids=repr,
)
def test_usual_preprocessing_is_known_as_a_resize(preprocess: TwoStep) -> None:
    assert square_resize(preprocess, (448, 448)) is not None


@pytest.mark.parametrize(
    "shape",
    [
        transforms.Compose([transforms.Resize(40), transforms.CenterCrop(32)]),
        transforms.Compose([transforms.Resize(32), transforms.Grayscale(3)]),
        transforms.Resize((32, 16)),
        transforms.Resize(32, transforms.InterpolationMode.NEAREST),
        transforms.CenterCrop(32),
        open_clip.image_transform(32, is_train=False, resize_mode="longest").transforms[0],
    ],
    ids=repr,
)
def test_any_other_preprocessing_takes_the_whole_picture(shape: object) -> None:
    preprocess = TwoStep(shape)  # type: ignore[arg-type]
    assert square_resize(preprocess, (64, 64)) is None
    canvas = noise(3, 64, 64)
    image = scribbled(canvas, 4, 1)
    made = CanvasInputs(preprocess, canvas).of(image, Ground(canvas).changed(image))
    assert torch.equal(made, drawn_input(preprocess, image))


def test_floats_are_made_of_the_whole_picture() -> None:
    whole = transforms.Compose([transforms.ToTensor(), transforms.Resize(16)])
    canvas = noise(1, 32, 32)
    image = scribbled(canvas, 2, 1)
    inputs = CanvasInputs(whole, canvas)
    assert torch.equal(inputs.of(image, Ground(canvas).changed(image)), whole(image))
    assert torch.equal(inputs.of(canvas, ()), whole(canvas))


def test_pictures_of_one_canvas_do_not_write_on_each_other() -> None:
    canvas = noise(1, 64, 64)
    first, second = scribbled(canvas, 2, 1), scribbled(canvas, 9, 1)
    ground, inputs = Ground(canvas), CanvasInputs(TwoStep(Bicubic(32)), canvas)
    made = [inputs.of(one, ground.changed(one)) for one in (first, second, canvas)]
    for image, one in zip((first, second, canvas), made, strict=True):
        assert torch.equal(one, drawn_input(TwoStep(Bicubic(32)), image))
