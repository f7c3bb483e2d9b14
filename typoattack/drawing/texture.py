"""Random fields: slow clouds for light and pressure, fine grain for paper."""

import functools
from collections.abc import Sequence
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
    return _cut(_grain_tile(), size, rng.random(2).tolist())


def _cut(tile: Field, size: tuple[int, int], at: Sequence[float]) -> Field:
    wide, tall = size
    if wide > _TILE or tall > _TILE:
        tile = np.tile(tile, (-(-tall // _TILE), -(-wide // _TILE)))
    x, y = at
    left, top = int(x * (tile.shape[1] - wide + 1)), int(y * (tile.shape[0] - tall + 1))
    return tile[top : top + tall, left : left + wide]


@functools.cache
def _soft_tile() -> Field:
    tile = _grain_tile()
    across = tile + np.roll(tile, 1, axis=1)
    return np.asarray((across + np.roll(across, 1, axis=0)) / 2, np.float32)


def soft_grain(size: tuple[int, int], at: Sequence[float]) -> Field:
    """Noise of unit spread whose neighbours are alike, as a camera's is after its own smoothing.

    Args:
        size: width and height in pixels.
        at: where it is cut from a fixed tile, two shares.
    """
    return _cut(_soft_tile(), size, at)


@functools.cache
def _blotched_tile() -> Field:
    coarse = Image.fromarray(np.ascontiguousarray(_grain_tile()[: _TILE // 4, : _TILE // 4]))
    tile = np.asarray(coarse.resize((_TILE, _TILE), Image.Resampling.BILINEAR), np.float32)
    return np.asarray(tile * np.float32(1.5), np.float32)


def blotches(size: tuple[int, int], at: Sequence[float]) -> Field:
    """Unevenness of unit spread some 4 pixels across, as of fibres in paper; see `soft_grain`."""
    return _cut(_blotched_tile(), size, at)
