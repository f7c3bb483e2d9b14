"""Picture–word interference (Lemesle et al. 2022)."""

import math
from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import Colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.pillow_text import extent, margin, set_text
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_RED: Colour = (255, 0, 0)
_WHITE: Colour = (255, 255, 255)
_STROKES = 20
"""An outline is a twentieth of the font size, rounded up."""


@recipe(
    "lemesle2022",
    source="Lemesle et al., Language-biased image classification: evaluation based on semantic "
    "representations, ICLR 2022; UTILS/utils.py of flowersteam/picture-word-interference",
    words="random",
)
class Lemesle2022(Recipe):
    """A word in red with a white outline across the middle of the picture, a sixth of it large.

    The font size is a sixth of the picture's width, the outline a twentieth of that rounded up; the
    text is centred by its box from the ascender down, and a long word runs off. Their figure is
    the share of pictures whose answer switches, right before or not: *any change*.

    Differs from the paper: Roboto stands for Arial; the words are the task's classes, theirs those
    of MS-COCO and CIFAR-100 of one word each, every one on every picture; they switch between basic
    and superordinate categories too; the likeness of word and answer in meaning is taken in the
    model's own space, theirs in word2vec (`typoattack.metrics.likeness`).

    Attributes:
        share: the font size as a share of the picture's width.
    """

    share: Annotated[float, Field(gt=0, le=1)] = 1 / 6

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text = tidy(word)
        face = find_face("roboto", text, rng)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        size = max(math.floor(round(canvas.width * self.share, 6)), 1)
        stroke = math.ceil(size / _STROKES)
        wide, tall = extent(face, (text,), size, 0)
        letters = set_text(face, (text,), size, stroke=stroke)
        clear = margin(size, stroke)
        at = math.floor((canvas.width - wide) / 2), math.floor((canvas.height - tall) / 2)
        made = stamp(letters, _RED, _WHITE)
        region = pour(image, made, (at[0] - clear, at[1] - clear))
        return finished(canvas, image, word, letters, region, face.family)
