"""Random fields: slow clouds for light and pressure, fine grain for paper."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from typoattack.core.randomness import Rng, stream

Field = npt.NDArray[np.float32]
"""(height, width) float32."""

AnyField = npt.NDArray[np.floating[Any]]
"""(height, width) of any precision."""

_TILE = 1024


def clouds(size: tuple[int, int], cells: tuple[int, int], rng: Rng) -> Field:
    """A slow random field about 0, of unit spread at its cells and interpolated between.

    Args:
        size: width and height in pixels.
        cells: how many random values across and down.
        rng: gives `cells[0] * cells[1]` numbers.
    """
    coarse = rng.normal(0, 1, (cells[1], cells[0])).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR))


@functools.cache
def _grain_tile() -> Field:
    return stream("paper grain").normal(0, 1, (_TILE, _TILE)).astype(np.float32)


def grain(size: tuple[int, int], rng: Rng) -> Field:
    """Fine white noise of unit spread, cut from one fixed tile at a place by lot."""
    wide, tall = size
    tile = _grain_tile()
    if wide > _TILE or tall > _TILE:
        tile = np.tile(tile, (-(-tall // _TILE), -(-wide // _TILE)))
    x, y = rng.random(2).tolist()
    left, top = int(x * (tile.shape[1] - wide + 1)), int(y * (tile.shape[0] - tall + 1))
    return tile[top : top + tall, left : left + wide]
