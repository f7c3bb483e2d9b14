"""Variations that spoil the writing after it is drawn: blurred, compressed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.finish import blurred, compressed
from typoattack.drawing.geometry import Box
from typoattack.recipes.base import Attacked, Recipe, attacked, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.variation import Variation


def remeasured(
    canvas: Image.Image, drawn: Attacked, finish: Callable[[Image.Image, Box], Box]
) -> Attacked:
    """`drawn` after `finish` has changed its picture in place, box and coverage anew."""
    if drawn.coverage == 0:
        return drawn
    image = drawn.image.copy()
    region = finish(image, drawn.box)
    made = attacked(
        canvas, image, word=drawn.word, written=drawn.written, size=drawn.size, region=region
    )
    return replace(made, facts=drawn.facts)


@recipe("blurred", source="new here")
class Blurred(Variation):
    """The writing out of focus, the photograph in focus.

    Attributes:
        base: the recipe that draws it.
        radius: the Gaussian's radius as a share of the canvas.
    """

    base: Recipe = PrintedLabel()
    radius: Annotated[float, Field(gt=0, le=0.1)] = 0.01

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        drawn = self.base(canvas, word, rng, ink=ink)
        radius = self.radius * canvas.width
        return remeasured(canvas, drawn, lambda image, box: blurred(canvas, image, box, radius))


@recipe("compressed", source="new here")
class Compressed(Variation):
    """The written part of the picture saved as JPEG and read back.

    Attributes:
        base: the recipe that draws it.
        quality: JPEG's, 1 to 95.
    """

    base: Recipe = PrintedLabel()
    quality: Annotated[int, Field(ge=1, le=95)] = 15

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        drawn = self.base(canvas, word, rng, ink=ink)
        return remeasured(canvas, drawn, lambda image, box: compressed(image, box, self.quality))
