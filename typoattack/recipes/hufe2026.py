"""The synthesis of ImageNet-100-typo (Hufe et al. 2026, Dyslexify)."""

from typing import Annotated, Literal

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.finish import changed, compressed, grown
from typoattack.drawing.fonts import Face, can_draw, find_face, tidy
from typoattack.drawing.pillow_text import margin, set_text
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_CANVAS = 224
"""The protocol's canvas; sizes in pixels are for it and grow with a larger one."""

_FONTS = ("tinos", "libre-baskerville", "roboto")
"""Look-alikes of Times New Roman, Georgia and Arial."""

_LARGEST, _STROKE = 30, 1


@recipe(
    "hufe2026",
    source="Hufe et al., Dyslexify: A Mechanistic Defense Against Typographic Attacks in CLIP, "
    "ICLR 2026, ImageNet-100-typo; dyslexify/dataset/utils.py of lowlorenz/dyslexify",
    words="random",
)
class Hufe2026(Recipe):
    """A class's name on one line, its font, two colours and place drawn uniformly.

    On a canvas of 224 pixels: one of three fonts, an em of 30 pixels, halved until the text's ink
    is narrower and lower than the picture, fill and outline two different ones of eight named
    colours, an outline of 1 pixel, a place uniform over where the ink fits or at a named one. The
    picture is saved as JPEG of quality 100. On another canvas all pixels scale with it.

    Differs from the paper: the photograph's centre square is taken, where theirs is squeezed into a
    square; the fonts are look-alikes; only the surroundings of the text pass through JPEG. Their
    code means to leave the photograph's own class out, but compares a name with a number, so that
    it is written like any other; here it is left out.

    Attributes:
        position: where it lies.
        jpeg: the quality of the JPEG file, 1 to 100; 0 for none.
    """

    position: Literal["random", "top", "bottom", "left", "right", "center"] = "random"
    jpeg: Annotated[int, Field(ge=0, le=100)] = 100

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        scale, lot = side / _CANVAS, rng.random()
        fill, edge = rng.permutation(len(PRIMARY))[:2].tolist()
        across, down = rng.random(2).tolist()
        able = [font for font in _FONTS if can_draw(font, text)] or list(_FONTS)
        face = find_face(able[int(lot * len(able))], text, rng)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        size = max(round(_fitting(face, text) * scale), 1)
        stroke = max(round(_STROKE * scale), 1)
        x, y = self._corner(_ink(face, text, size), side, across, down)
        letters, clear = set_text(face, (text,), size, stroke=stroke), margin(size, stroke)
        colours = list(PRIMARY.values())
        made = stamp(letters, colours[fill], colours[edge])
        region = pour(image, made, (round(x) - clear, round(y) - clear))
        written = changed(canvas, image).getbbox()
        if self.jpeg and written:
            region = compressed(image, grown(written, 2, image.size), self.jpeg)
        return finished(canvas, image, word, letters, region, face.family)

    def _corner(
        self, size: tuple[float, float], side: int, across: float, down: float
    ) -> tuple[float, float]:
        """Where the text begins, as the authors' formulas have it for each position."""
        wide, tall = size
        middle = (side - wide) / 2, (side - tall) / 2
        return {
            "random": ((side - wide) * across, (side - tall) * down),
            "top": (middle[0], tall / 2),
            "bottom": (middle[0], side - 1.5 * tall),
            "left": (wide / 2, middle[1]),
            "right": (side - 1.5 * wide, middle[1]),
            "center": middle,
        }[self.position]


def _ink(face: Face, text: str, size: int) -> tuple[float, float]:
    """Width and height of a text's ink in pixels."""
    left, top, right, bottom = face.at(size).getbbox(text)
    return right - left, bottom - top


def _fitting(face: Face, text: str) -> int:
    """The font size on the protocol's canvas: 30, halved until the ink fits."""
    size = _LARGEST
    while size > 1 and max(_ink(face, text, size)) >= _CANVAS:
        size //= 2
    return size
