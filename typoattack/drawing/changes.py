"""Where a picture differs from the canvas that it was drawn on, found in the pixels themselves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image

from typoattack.drawing.geometry import Box, area

_ROWS_APART, _COLUMNS_APART = 28, 64
"""Rows or columns that stay the same between two boxes: fewer do not pay for a second box."""

Bytes = npt.NDArray[np.uint8]


def four_bytes(image: Image.Image) -> Bytes:
    """An RGB picture as (height, width, 4), the fourth byte without meaning; not to be written to.

    Without a copy where Pillow shares its memory (from 11.3, for pictures under 16 MB).
    """
    if hasattr(image, "__arrow_c_array__"):
        try:
            shared: Any = pa.array(image)
            return np.asarray(shared.values).reshape(image.height, image.width, 4)
        except (ValueError, pa.ArrowException):
            pass
    return np.asarray(image.convert("RGBA"))


_COLOURS = np.frombuffer(b"\xff\xff\xff\x00", np.uint32)
"""The three bytes of four that have a meaning."""


def difference(before: Image.Image, after: Image.Image, region: Box) -> tuple[Box, int]:
    """The tight box around the pixels that differ, and how many do; all zeros where none does.

    Args:
        before: RGB.
        after: of the same size.
        region: only there the pictures are compared; it may reach over their edges.
    """
    left, top = max(region[0], 0), max(region[1], 0)
    right, bottom = min(region[2], before.width), min(region[3], before.height)
    if left >= right or top >= bottom:
        return (0, 0, 0, 0), 0
    one, other = (
        four_bytes(image).view(np.uint32)[top:bottom, left:right, 0] for image in (before, after)
    )
    differs = (one ^ other) & _COLOURS != 0
    pixels = int(np.count_nonzero(differs))
    if not pixels:
        return (0, 0, 0, 0), 0
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    ends = left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1
    return (int(ends[0]), int(ends[1]), int(ends[2]), int(ends[3])), pixels


class Ground:
    """A canvas, and what the pictures drawn on it have kept of it.

    Args:
        canvas: RGB; nobody draws on it any more.
    """

    def __init__(self, canvas: Image.Image) -> None:
        self.canvas = canvas
        self._pixels = four_bytes(canvas)
        self._clean = np.asarray(canvas)
        self._packed = self._clean.copy()

    def changed(self, image: Image.Image) -> tuple[Box, ...]:
        """Boxes, in order and apart, that hold every pixel in which `image` differs.

        They may hold a few more. `image` has the canvas's size.
        """
        wide = self._pixels.shape[1]
        kind = np.uint64 if wide % 2 == 0 else np.uint32
        step = np.dtype(kind).itemsize // 4
        before, after = (
            pixels.reshape(len(pixels), -1).view(kind)
            for pixels in (self._pixels, four_bytes(image))
        )
        differs = before != after
        found = []
        for top, bottom in _runs(differs.any(axis=1), _ROWS_APART):
            for left, right in _runs(differs[top:bottom].any(axis=0), _COLUMNS_APART // step):
                found.append((left * step, top, right * step, bottom))
        return tuple(found)

    @contextmanager
    def packed(self, image: Image.Image, changed: Sequence[Box]) -> Iterator[Bytes]:
        """The picture's bytes (height, width, 3), put together from the canvas's; see `changed`."""
        if 3 * sum(map(area, changed)) > image.width * image.height:
            yield np.asarray(image)
            return
        for left, top, right, bottom in changed:
            part = np.asarray(image.crop((left, top, right, bottom)))
            self._packed[top:bottom, left:right] = part
        yield self._packed
        for left, top, right, bottom in changed:
            self._packed[top:bottom, left:right] = self._clean[top:bottom, left:right]


def _runs(there: npt.NDArray[np.bool_], apart: int) -> list[tuple[int, int]]:
    """Begin and end of what is there, gaps of less than `apart` closed."""
    places = np.flatnonzero(there)
    if not len(places):
        return []
    cuts = np.flatnonzero(np.diff(places) > apart)
    begins, ends = places[[0, *(cuts + 1)]], places[[*cuts, -1]] + 1
    return list(zip(begins.tolist(), ends.tolist(), strict=True))
