"""Preprocessing in two steps gives the floats of the whole transform, to the last bit."""

import pickle

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torchvision import transforms

from tests.conftest import noise
from typoattack.models.mini import Mini, MiniBlind
from typoattack.models.pixels import drawn_input, model_input, two_step

MODES = ("shortest", "longest", "squash")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(64, 64), (448, 448), (224, 224)])
def test_open_clips_transforms_split_into_the_same_floats(mode: str, size: tuple[int, int]) -> None:
    theirs = open_clip.image_transform(224, is_train=False, resize_mode=mode)
    ours = two_step(theirs)
    canvases = [noise(seed, *size) for seed in range(3)]
    drawn = torch.stack([drawn_input(ours, canvas) for canvas in canvases])
    assert drawn.dtype == torch.uint8
    expected = torch.stack([theirs(canvas) for canvas in canvases])
    assert torch.equal(model_input(ours, drawn, "cpu"), expected)
    assert torch.equal(torch.stack([ours(canvas) for canvas in canvases]), expected)


def test_the_steps_pickle_and_print_their_settings() -> None:
    ours = two_step(open_clip.image_transform(32, is_train=False))
    again = pickle.loads(pickle.dumps(ours))
    assert repr(again) == repr(ours)
    assert "0x" not in repr(ours)
    assert repr(ours) != repr(two_step(open_clip.image_transform(48, is_train=False)))


def test_a_transform_of_another_form_stays_whole() -> None:
    whole = transforms.Compose([transforms.ToTensor(), transforms.Resize(16)])
    assert two_step(whole) is whole
    canvas = noise(1, 32, 32)
    drawn = drawn_input(whole, canvas)[None]
    assert model_input(whole, drawn, "cpu") is drawn
    assert torch.equal(drawn[0], whole(canvas))


def test_the_embedded_models_take_every_8_bit_value_as_the_formula_says() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    tiles = np.kron(values, np.ones((28, 28), dtype=np.uint8))
    canvas = Image.fromarray(np.stack([tiles] * 3, axis=-1))
    level = tiles.astype(np.float32)
    np.testing.assert_array_equal(Mini.preprocess(canvas)[0], level / np.float32(255))
    small = np.asarray(canvas.resize((224, 224), Image.Resampling.BICUBIC), dtype=np.float32)
    blind = MiniBlind.preprocess(canvas).permute(1, 2, 0)
    np.testing.assert_array_equal(blind, small / np.float32(127.5) - np.float32(1))
