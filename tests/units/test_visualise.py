"""Feature visualisation: the picture grown for a unit excites it, and looks like what it likes."""

import numpy as np
import pytest
import torch

from tests.units.conftest import Planted
from typoattack.core.errors import UserError
from typoattack.units.anatomy import Anatomy
from typoattack.units.visualise import Ascent, colour_root, visualise

BRIEF = Ascent(steps=60)


def test_a_picture_grown_for_a_channel_excites_it_more_than_noise_does(
    tiny_resnet: Anatomy,
) -> None:
    layer = tiny_resnet.layer("layer2")
    rng = np.random.default_rng(0)
    noise = torch.from_numpy(rng.random((8, 3, 64, 64), dtype=np.float32))
    heard: list[torch.Tensor] = []

    def keep(found: torch.Tensor) -> torch.Tensor:
        heard.append(layer.values(found))
        return found

    with torch.no_grad(), layer.site.attach(keep):
        tiny_resnet.embed(tiny_resnet.from_pixels(noise))
    grown = visualise(tiny_resnet, layer, 5, BRIEF)
    assert grown.image.size == (64, 64)
    assert grown.after > max(grown.before, float(heard[0][:, 5].max()))


def test_a_unit_that_likes_red_things_gets_a_redder_picture_than_one_that_likes_blue(
    planted: Planted,
) -> None:
    patches = planted.inside.layer("conv1")  # channel 0: a red thing; channel 3: a blue one
    means = []
    for channel in (0, 3):
        image = visualise(planted.inside, patches, channel, BRIEF).image
        means.append(np.asarray(image, dtype=float).mean(axis=(0, 1)))
    red, blue = means
    assert red[0] - red[2] > blue[0] - blue[2] + 20


def test_the_same_seed_grows_the_same_picture(tiny_resnet: Anatomy) -> None:
    layer, short = tiny_resnet.layer("layer1"), Ascent(steps=5)
    one, two = (visualise(tiny_resnet, layer, 2, short).image for _ in range(2))
    assert one.tobytes() == two.tobytes()
    other = visualise(tiny_resnet, layer, 2, Ascent(steps=5, seed=1)).image
    assert other.tobytes() != one.tobytes()


def test_a_direction_of_one_unit_is_that_unit(tiny_resnet: Anatomy) -> None:
    layer, short = tiny_resnet.layer("layer1"), Ascent(steps=3)
    direction = torch.zeros(layer.units)
    direction[2] = 1
    by_unit = visualise(tiny_resnet, layer, 2, short)
    by_direction = visualise(tiny_resnet, layer, direction, short)
    assert by_unit.image.tobytes() == by_direction.image.tobytes()


def test_what_cannot_be_climbed_is_said(tiny_resnet: Anatomy, planted: Planted) -> None:
    layer = tiny_resnet.layer("layer1")
    with pytest.raises(UserError, match="has the units 0 to 31, not 32"):
        visualise(tiny_resnet, layer, 32)
    with pytest.raises(UserError, match="directions of 32 numbers"):
        visualise(tiny_resnet, layer, torch.zeros(3))
    with pytest.raises(UserError, match="nothing to climb"):
        visualise(planted.inside, planted.inside.layer("heads.0"), 0, BRIEF)


def test_colour_axes_are_orthogonal_and_as_long_as_the_deviations() -> None:
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.normal(size=(5000, 3)) @ np.diag([3.0, 2.0, 1.0]))
    root = colour_root(pixels)
    torch.testing.assert_close(root @ root.T, torch.cov(pixels.T))
