"""The synthetic attack of *Less is More* (Cao et al. 2023), ImageNet-Atr."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import Colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.lettering import set_lines
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_CANVAS = 448
"""The canvas that the protocol's pixels are for; they grow with a larger one."""

_RED: Colour = (255, 0, 0)


@recipe(
    "cao2023",
    source="Cao et al., Less is More: Removing Text-regions Improves CLIP Training Efficiency "
    "and Robustness, 2023, ImageNet-Atr",
    words="nearest",
)
class Cao2023(Recipe):
    """The most similar class's name in red, sans-serif, 50 pixels, at (50, 50).

    The paper writes on the photograph as it comes, undistorted; here pixels are those of a square
    canvas of 448 and scale with another, so that nothing is cropped away. A name that would run
    off the picture is set smaller.

    Attributes:
        em: the font size in pixels.
        left: where the text starts, in pixels from the left.
        top: where it starts, in pixels from above.
    """

    em: Annotated[int, Field(ge=1, le=448)] = 50
    left: Annotated[int, Field(ge=0, le=400)] = 50
    top: Annotated[int, Field(ge=0, le=400)] = 50

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        scale = side / _CANVAS
        x, y = round(self.left * scale), round(self.top * scale)
        face = find_face("roboto", text, rng)
        room = (max(side - x, 1), max(side - y, 1))
        letters = set_lines(face, (text,), self.em * scale, room, centred=False)
        image, region = canvas.copy(), NOWHERE
        if ink:
            region = pour(image, stamp(letters, _RED, _RED), (x, y))
        return finished(canvas, image, word, letters if ink else None, region, face.family)
