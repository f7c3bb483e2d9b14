"""Where on a photograph the object most likely is, without a trained model.

After Zhang et al., *Minimum Barrier Salient Object Detection at 80 FPS*, ICCV 2015: what cannot be
reached from the picture's rim without a large change of colour stands out. Their distance
transform on a picture of 64 × 64, weighed towards the middle; without their map of contrast with
the rim and their smoothing. All in whole numbers, so that it is the same on every machine.
"""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Whole = npt.NDArray[np.int64]

CELLS = 64
"""Cells of a map, across and down."""

_PASSES = 3


def salience(photograph: Image.Image) -> Whole:
    """How much each part of an RGB picture stands out: (64, 64), none below 1, of no unit.

    A picture of one colour has its highest values in the middle.
    """
    cells = (CELLS, CELLS)
    small = photograph.resize(cells, Image.Resampling.BOX).filter(ImageFilter.BoxBlur(1))
    return _map(small.convert("YCbCr").tobytes())


@functools.lru_cache(maxsize=64)
def _map(pixels: bytes) -> Whole:
    colours = np.frombuffer(pixels, np.uint8).reshape(CELLS, CELLS, 3).astype(np.int32)
    # Chroma varies about half as much as lightness does.
    far = _barriers(colours.transpose(2, 0, 1) * np.array([[[1]], [[2]], [[2]]], np.int32))
    off = (2 * np.arange(CELLS, dtype=np.int64) - CELLS + 1) ** 2
    central = 4 * CELLS**2 - off[:, None] - off
    made: Whole = (far.sum(axis=0, dtype=np.int64) + 1) * central
    made.flags.writeable = False
    return made


def _barriers(channels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Minimum barrier distances from the rim, of each channel for itself.

    A path's barrier is its highest value less its lowest; the least over all paths is found as in
    the paper by sweeps, here a row or column at a time.

    Args:
        channels: (n, side, side).
    """
    low, high = channels.copy(), channels.copy()
    far = np.full_like(channels, np.iinfo(np.int32).max)
    far[:, [0, -1], :] = far[:, :, [0, -1]] = 0
    side = channels.shape[1]
    there, back = range(1, side), range(side - 2, -1, -1)
    for _ in range(_PASSES):
        for turned in (False, True):
            views = [a.swapaxes(1, 2) if turned else a for a in (far, low, high, channels)]
            for row in there:
                _step(views, row, row - 1)
            for row in back:
                _step(views, row, row + 1)
    return far


def _step(views: Sequence[npt.NDArray[np.int32]], to: int, since: int) -> None:
    """Reach a row from the one beside it wherever that is shorter, in place."""
    far, low, high, own = views
    lowest = np.minimum(low[:, since], own[:, to])
    highest = np.maximum(high[:, since], own[:, to])
    shorter = highest - lowest < far[:, to]
    np.copyto(far[:, to], highest - lowest, where=shorter)
    np.copyto(low[:, to], lowest, where=shorter)
    np.copyto(high[:, to], highest, where=shorter)


def within(values: Whole, lefts: Whole, tops: Whole, size: tuple[int, int]) -> Whole:
    """What boxes of one size hold of a map, in cells.

    Args:
        values: (64, 64).
        lefts: (n,) columns at which boxes begin; they may reach over the edge.
        tops: (m,) rows.
        size: how many columns and rows a box has.

    Returns:
        (m, n) sums.
    """
    sums = np.zeros((CELLS + 1, CELLS + 1), np.int64)
    sums[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    x0, y0 = (np.clip(start, 0, CELLS) for start in (lefts, tops))
    x1 = np.clip(lefts + size[0], 0, CELLS)
    y1 = np.clip(tops + size[1], 0, CELLS)
    tall = sums[y1] - sums[y0]
    return np.asarray(tall[:, x1] - tall[:, x0], np.int64)
