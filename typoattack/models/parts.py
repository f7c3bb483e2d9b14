"""Inputs of pictures drawn on one canvas: only what was drawn is resized, the rest is there.

A preprocessing that resizes a square picture to a square one looks at a few of the canvas's pixels
for each of its own, so away from the drawing its result is that of the clean canvas. What is made
here is equal to the whole's to the last bit, or the whole is made.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torchvision import transforms

from typoattack.drawing.geometry import Box, area
from typoattack.models.base import Preprocess
from typoattack.models.pixels import Bicubic, TwoStep, drawn_input

Filter = Image.Resampling

_REACH = {Filter.BILINEAR: 1.0, Filter.BICUBIC: 2.0, Filter.LANCZOS: 3.0}
"""How far Pillow's filters reach on each side, in pixels of the smaller picture."""

_MOST = 0.7
"""Share of the model's input above which the whole is resized: parts would take as long."""


_Span = tuple[int, int]
"""Begin and end of some columns or rows."""


@dataclass(frozen=True, slots=True)
class SquareResize:
    """A square picture resized to a square one, by Pillow.

    Attributes:
        before: its side.
        after: the side of what comes out.
        resample: Pillow's filter.
    """

    before: int
    after: int
    resample: Filter

    def part(self, image: Image.Image, changed: Box) -> tuple[Image.Image, int, int]:
        """Of the resized picture what `changed` may have an effect on, and its corner there."""
        columns = self._reached(changed[0], changed[2])
        rows = self._reached(changed[1], changed[3])
        return self._passes(image, columns, rows), columns[0], rows[0]

    @property
    def exact(self) -> bool:
        """Whether parts are the whole's to the last bit; if not, only the whole may be taken."""
        return _same_weights(self) and _across_first(self) is not None

    def _passes(self, image: Image.Image, columns: _Span, rows: _Span) -> Image.Image:
        """Some columns and rows of the resized picture, each direction by itself."""
        # In one call Pillow may begin with the other direction than in the whole.
        (left, right), (top, bottom) = self._looked(columns), self._looked(rows)
        cut = image.crop((left, top, right, bottom))
        wide, tall = columns[1] - columns[0], rows[1] - rows[0]
        across = tuple(self._from(edge) - left for edge in columns)
        down = tuple(self._from(edge) - top for edge in rows)
        if _across_first(self) is not False:
            box = across[0], 0, across[1], cut.height
            made = cut.resize((wide, cut.height), self.resample, box=box)
            return made.resize((wide, tall), self.resample, box=(0, down[0], wide, down[1]))
        made = cut.resize((cut.width, tall), self.resample, box=(0, down[0], cut.width, down[1]))
        return made.resize((wide, tall), self.resample, box=(across[0], 0, across[1], tall))

    def _from(self, edge: int) -> int:
        """The edge between two old pixels that one between two new ones is."""
        return edge * self.before // self.after

    def _looked(self, span: _Span) -> _Span:
        """The old pixels that some new ones look at, and a few more."""
        reach = math.ceil(_REACH[self.resample] * max(self.before / self.after, 1.0)) + 1
        return max(self._from(span[0]) - reach, 0), min(self._from(span[1]) + reach, self.before)

    def _reached(self, begin: int, end: int) -> _Span:
        """The new pixels that look at some old ones, widened to edges that both share."""
        step = self.after // math.gcd(self.before, self.after)
        scale = self.before / self.after
        reach = _REACH[self.resample] * max(scale, 1.0) + 1
        low = math.floor((begin - reach) / scale - 0.5) // step * step
        high = -(-math.ceil((end + reach) / scale + 0.5) // step) * step
        return max(low, 0), min(high, self.after)


def square_resize(preprocess: Preprocess, size: tuple[int, int]) -> SquareResize | None:
    """What `preprocess` does to a picture of `size`, if it is such a resize and parts are exact."""
    if not isinstance(preprocess, TwoStep) or size[0] != size[1]:
        return None
    shape: object = preprocess.shape
    steps: Sequence[object] = getattr(shape, "transforms", (shape,))
    found = _resize(steps[0]) if steps else None
    if found is None or not all(_keeps(step, found[0]) for step in steps[1:]):
        return None
    resize = SquareResize(size[0], *found)
    return resize if resize.exact else None


def _resize(step: object) -> tuple[int, Filter] | None:
    """The side and filter of a resize to a square."""
    if isinstance(step, Bicubic):
        return step.side, Filter.BICUBIC
    if not isinstance(step, transforms.Resize) or step.max_size is not None:
        return None
    sides = {step.size} if isinstance(step.size, int) else set(step.size)
    names = {"bilinear": Filter.BILINEAR, "bicubic": Filter.BICUBIC, "lanczos": Filter.LANCZOS}
    resample = names.get(step.interpolation.value)
    return (int(sides.pop()), resample) if len(sides) == 1 and resample is not None else None


def _keeps(step: object, side: int) -> bool:
    """Whether a step leaves an RGB picture of this side as it is."""
    if isinstance(step, transforms.CenterCrop):
        return tuple(step.size) == (side, side)
    if type(step).__name__ == "MaybeConvertMode":  # open_clip's
        return getattr(step, "mode", "") == "RGB"
    return getattr(step, "__name__", "") == "_convert_to_rgb"  # open_clip's before 3.0


@functools.lru_cache(maxsize=256)
def _across_first(resize: SquareResize) -> bool | None:
    """Whether Pillow resizes a whole picture's rows before its columns; None: neither by itself.

    Which way is faster depends on the sizes, and Pillow chooses by it from version 13.
    """
    if resize.before == resize.after:
        return True
    side, after = resize.before, (resize.after, resize.after)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    whole = image.resize(after, resize.resample).tobytes()
    for between in ((resize.after, side), (side, resize.after)):
        passed = image.resize(between, resize.resample).resize(after, resize.resample)
        if passed.tobytes() == whole:
            return between[1] == side
    return None


@functools.lru_cache(maxsize=256)
def _same_weights(resize: SquareResize) -> bool:
    """Whether Pillow weighs the pixels of a part as it does in the whole.

    Both compute where each new pixel looks in floating point, a part from its own corner. Where
    the ratio of the sides is a binary fraction nothing is rounded. Otherwise the places differ by
    some 1e-13, and the weights, which Pillow rounds to 22 bits, are the same unless one lies that
    near to the edge between two.
    """
    if resize.before == resize.after:
        return True
    denominator = resize.after // math.gcd(resize.before, resize.after)
    if denominator & (denominator - 1) == 0:
        return True
    places, weights = _weights(resize)
    apart = np.abs(places - np.rint(places)).min()
    from_edge = np.abs(np.abs(weights) * 2**22 % 1 - 0.5).min()
    return bool(apart > 1e-6 and from_edge > 1e-5)


def _weights(resize: SquareResize) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where each new pixel begins and ceases to look, and its weights, as Pillow computes them."""
    scale = resize.before / resize.after
    wide = max(scale, 1.0)
    reach = _REACH[resize.resample] * wide
    middle = (np.arange(resize.after) + 0.5) * scale
    places = np.stack([middle - reach + 0.5, middle + reach + 0.5])
    first = np.maximum(places[0].astype(int), 0)[:, None]
    last = np.minimum(places[1].astype(int), resize.before)[:, None]
    looked = first + np.arange(math.ceil(reach) * 2 + 1)
    away = np.abs((looked - middle[:, None] + 0.5) / wide)
    weights = np.where(looked < last, _FILTERS[resize.resample](away), 0.0)
    return places, weights / weights.sum(axis=1, keepdims=True)


Values = npt.NDArray[np.float64]


def _bicubic(x: Values) -> Values:
    near = (1.5 * x - 2.5) * x * x + 1
    far = -0.5 * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


_FILTERS: dict[Filter, Callable[[Values], Values]] = {
    Filter.BILINEAR: lambda x: np.maximum(1 - x, 0.0),
    Filter.BICUBIC: _bicubic,
    Filter.LANCZOS: lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0.0),
}


class CanvasInputs:
    """Inputs that a preprocessing makes of a canvas and of pictures drawn on it.

    Args:
        preprocess: see `models.base.Model`.
        canvas: the clean picture.
    """

    def __init__(self, preprocess: Preprocess, canvas: Image.Image) -> None:
        self._preprocess = preprocess
        self._clean = drawn_input(preprocess, canvas).contiguous()
        self._resize = square_resize(preprocess, canvas.size)

    def of(self, image: Image.Image, changed: Sequence[Box]) -> torch.Tensor:
        """What `drawn_input` makes of `image`, which differs from the canvas in `changed` alone."""
        if not changed:
            return self._clean
        if self._resize is None:
            return drawn_input(self._preprocess, image)
        if sum(map(area, changed)) > _MOST * image.width * image.height:
            return drawn_input(self._preprocess, image)
        made = self._clean.clone()
        pixels = made.numpy()
        for box in changed:
            part, left, top = self._resize.part(image, box)
            within = slice(top, top + part.height), slice(left, left + part.width)
            pixels[:, within[0], within[1]] = np.asarray(part).transpose(2, 0, 1)
        return made
