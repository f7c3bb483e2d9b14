"""The synthetic attack of Defense-Prefix (Azuma and Matsui 2023)."""

import functools
from typing import Annotated, Literal

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.changes import difference
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.finish import compressed, grown
from typoattack.drawing.fonts import Face, can_draw, find_face, tidy
from typoattack.drawing.lines import width
from typoattack.drawing.pillow_text import extent, margin, set_text
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
        stroke, spacing = max(round(_STROKE * scale), 1), _SPACING * scale
        wide, tall = extent(face, lines, size, spacing)
        letters = set_text(face, lines, size, spacing=spacing, stroke=stroke)
        clear = margin(size, stroke)
        at = round((side - wide) * across) - clear, round((side - tall) * down) - clear
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
def _fitting(face: Face, lines: tuple[str, ...], pixels: int) -> int:
    """The font size on the protocol's canvas: `pixels` less as many as make the text fit.

    The protocol's loop, begun a little above where widths scaled from another size say that it
    ends.
    """
    guess = _CANVAS / max(*(width(face, line) for line in lines), 1e-6)
    size = min(pixels, int(guess) + 8)
    while size > 1 and max(extent(face, lines, size, _SPACING)) >= _CANVAS:
        size -= 1
    return size
