"""The synthetic attack of Defense-Prefix (Azuma and Matsui 2023)."""

import functools
import math
from typing import Annotated, Literal

from PIL import Image, ImageDraw
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.changes import difference
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.finish import compressed, grown
from typoattack.drawing.fonts import Face, can_draw, find_face, tidy
from typoattack.drawing.glyphs import outlined
from typoattack.drawing.lettering import Lettering
from typoattack.drawing.lines import width
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_CANVAS = 224
"""The protocol's canvas; sizes in pixels are for it and grow with a larger one."""

_FONTS = {"roman": "libre-baskerville", "courier": "courier-prime", "times": "tinos"}
_SMALLEST, _LARGEST, _STROKE = 20, 40, 1
_SPACING = 4
"""Pixels between lines beside their height: Pillow's own, at any font size."""


@recipe(
    "azuma2023",
    source="Azuma and Matsui, Defense-Prefix for Preventing Typographic Attacks on CLIP, "
    "ICCV Workshops 2023; datasets/utils/make_dataset_train.py of azuma164/Defense-Prefix",
    words="random",
)
class Azuma2023(Recipe):
    """A wrong class's name, its font, size, two colours and place all drawn uniformly.

    On a canvas of 224 pixels: one of three fonts, an em of 20 to 40 pixels reduced by 1 until the
    text is narrower and lower than the picture, its outline not counted, fill and outline two
    different ones of eight named colours, an outline of 1 pixel, a place uniform over where it
    fits. Names of two or three words break after the first, longer ones after the second; lines
    lie an ascender, 4 pixels and the outline apart, and the text's box reaches up to the ascender.
    The picture is saved as JPEG of quality 100. On another canvas all pixels scale with it. The
    suite `azuma2023` asks with the authors' one template on their canvas.

    Differs from the paper: the fonts are look-alikes of the authors' Roman, Courier and Times; the
    outline is grown from the letters, which is a pixel apart from Pillow's at most; only the
    surroundings of the text pass through JPEG, so that the rest of the photograph stays that of
    the clean picture. `coverage` counts what JPEG changes too.

    Attributes:
        font: one of the three by name, or `any`.
        jpeg: the quality of the JPEG file, 1 to 100; 0 for none.
    """

    font: Literal["any", "roman", "courier", "times"] = "any"
    jpeg: Annotated[int, Field(ge=0, le=100)] = 100

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        lines, side = _broken(tidy(word)), canvas.width
        scale = side / _CANVAS
        lot = rng.random()
        pixels = int(rng.integers(_SMALLEST, _LARGEST + 1))
        fill, edge = rng.permutation(len(PRIMARY))[:2].tolist()
        across, down = rng.random(2).tolist()
        face = find_face(self._font("".join(lines), lot), "".join(lines), rng)
        if not ink:
            return finished(canvas, canvas.copy(), word, None, NOWHERE, face.family)
        size = max(round(_fitting(face, lines, pixels) * scale), 1)
        wide, tall = _extent(face, lines, size, _SPACING * scale)
        letters, margin = _set(face, lines, size, scale), _margin(size, scale)
        at = round((side - wide) * across) - margin, round((side - tall) * down) - margin
        colours = list(PRIMARY.values())
        image = canvas.copy()
        region = pour(image, stamp(letters, colours[fill], colours[edge]), at)
        written, drawn = difference(canvas, image, region)
        if self.jpeg and drawn:
            region = compressed(image, grown(written, 2, image.size), self.jpeg)
        return finished(canvas, image, word, letters, region, face.family)

    def _font(self, text: str, lot: float) -> str:
        """The family, drawn by lot among those of the three that have the letters."""
        if self.font != "any":
            return _FONTS[self.font]
        able = [font for font in _FONTS.values() if can_draw(font, text)] or list(_FONTS.values())
        return able[int(lot * len(able))]


def _broken(text: str) -> tuple[str, ...]:
    """The protocol's lines: two or three words break after the first, more after the second."""
    words = text.split(" ")
    if len(words) == 1:
        return (text,)
    first = 1 if len(words) <= 3 else 2
    return " ".join(words[:first]), " ".join(words[first:])


@functools.lru_cache(maxsize=1024)
def _extent(face: Face, lines: tuple[str, ...], size: int, spacing: float) -> tuple[float, float]:
    """Width and height in pixels that the protocol takes the text to have at a font size.

    Pillow's `textsize` of that time: from the pen's place to the rightmost ink, from the ascender
    down to the lowest ink; of several lines so many times the height of an `A` and the spacing.
    """
    ends = [_end(face, line, size) for line in lines]
    wide = max(end[0] for end in ends)
    if len(lines) == 1:
        return wide, ends[0][1]
    return wide, len(lines) * (_end(face, "A", size)[1] + spacing) - spacing


@functools.lru_cache(maxsize=4096)
def _end(face: Face, text: str, size: int) -> tuple[float, float]:
    """The right and lower end of a text's ink, from the pen's place and the ascender."""
    return face.at(size).getbbox(text)[2:]


@functools.lru_cache(maxsize=1024)
def _fitting(face: Face, lines: tuple[str, ...], pixels: int) -> int:
    """The font size on the protocol's canvas: `pixels` less as many as make the text fit.

    The protocol's loop, begun a little above where widths scaled from another size say that it
    ends.
    """
    guess = _CANVAS / max(*(width(face, line) for line in lines), 1e-6)
    size = min(pixels, int(guess) + 8)
    while size > 1 and max(_extent(face, lines, size, _SPACING)) >= _CANVAS:
        size -= 1
    return size


def _stroke(scale: float) -> int:
    return max(round(_STROKE * scale), 1)


def _margin(size: int, scale: float) -> int:
    return _stroke(scale) + 1 + size // 4


@functools.lru_cache(maxsize=256)
def _set(face: Face, lines: tuple[str, ...], size: int, scale: float) -> Lettering:
    """The lines at a font size with their outline, left-aligned.

    The mask begins at the first line's ascender and the pen's place, less a clear edge of
    `_margin` that holds the outline and what reaches to the left of the pen.
    """
    font, margin, stroke = face.at(size), _margin(size, scale), _stroke(scale)
    pitch = _end(face, "A", size)[1] + _SPACING * scale + 2 * stroke
    ends = [_end(face, line, size) for line in lines]
    wide = max(end[0] for end in ends) + 2 * margin
    tall = pitch * (len(lines) - 1) + max(end[1] for end in ends) + 2 * margin
    mask = Image.new("L", (math.ceil(wide), math.ceil(tall)))
    draw = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        draw.text((margin, margin + round(pitch * number)), line, fill=255, font=font)
    return Lettering(mask, outlined(mask, stroke), size, " ".join(lines))
