"""The synthetic attack of Defense-Prefix (Azuma and Matsui 2023)."""

import math
from typing import Literal

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.fonts import Face, can_draw, find_face, tidy
from typoattack.drawing.lettering import set_lines
from typoattack.drawing.lines import metrics, width
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_CANVAS = 224
"""The protocol's canvas; sizes in pixels are for it and grow with a larger one."""

_FONTS = {"roman": "libre-baskerville", "courier": "courier-prime", "times": "tinos"}
_SMALLEST, _LARGEST, _STROKE = 20, 40, 1


@recipe(
    "azuma2023",
    source="Azuma and Matsui, Defense-Prefix for Preventing Typographic Attacks on CLIP, "
    "ICCV Workshops 2023",
    words="random",
)
class Azuma2023(Recipe):
    """A wrong class's name, its font, size, two colours and place all drawn uniformly.

    On a canvas of 224 pixels: one of three fonts (look-alikes of the authors' roman, courier and
    times), an em of 20 to 40 pixels reduced by 1 until the text fits, fill and outline two
    different ones of eight named colours, an outline of 1 pixel, a place uniform over where it
    fits. Names of two or three words break after the first, longer ones after the second. On
    another canvas all pixels scale with it. The picture is not saved as JPEG in between.

    Attributes:
        font: one of the three by name, or `any`.
    """

    font: Literal["any", "roman", "courier", "times"] = "any"

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
        em = _fitting(face, lines, pixels) * scale
        stroke = max(round(scale), 1)
        letters = set_lines(face, lines, em, canvas.size, stroke=stroke, centred=False)
        image, region = canvas.copy(), NOWHERE
        if ink:
            x = round((side - letters.ink.width) * across)
            y = round((side - letters.ink.height) * down)
            colours = list(PRIMARY.values())
            region = pour(image, stamp(letters, colours[fill], colours[edge]), (x, y))
        return finished(canvas, image, word, letters if ink else None, region, face.family)

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


def _fitting(face: Face, lines: tuple[str, ...], pixels: int) -> float:
    """The em on the protocol's canvas: `pixels` less as many whole pixels as make it fit.

    Widths grow with the em, so the protocol's loop over font sizes is one division.
    """
    widest = max(width(face, line) for line in lines)
    measure = metrics(face, " ".join(lines))
    tall = measure.top + measure.bottom + measure.pitch * (len(lines) - 1)
    largest = (_CANVAS - 2 * _STROKE) / max(widest, tall, 1e-6)
    return min(float(pixels), float(math.floor(largest)) if largest >= 1 else largest)
