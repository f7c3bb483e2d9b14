"""Photographs and recipes that the recipes' tests share."""

import functools

import numpy as np
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.recipes import RECIPES, AsGiven, Control, Recipe


@functools.cache
def photograph(side: int = 224, key: int = 0) -> Image.Image:
    """A picture with shading and grain."""
    rng = stream("photograph", key)
    coarse = Image.fromarray(rng.integers(40, 216, (6, 6, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    grain = rng.integers(-6, 7, (side, side, 3))
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def every_recipe() -> list[Recipe]:
    """Each registered recipe with its defaults; one of each kind of control."""
    kinds = ("blank", "true", "pseudo", "shuffled", "mirrored")
    controls = [Control(RECIPES["handwritten-note"](), kind) for kind in kinds]
    plain = (made for made in RECIPES.values() if made not in (AsGiven, Control))
    return [*(made() for made in plain if not made.plugin), *controls]
