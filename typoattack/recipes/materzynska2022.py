"""Letters across the photograph, after the synthetic pictures of Materzyńska et al. 2022."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.pillow_text import extent, margin, set_text
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp
from typoattack.recipes.parts import ColourName

_CANVAS = 224
"""The canvas that the font size is taken to be for; it grows with a larger one."""


@recipe(
    "materzynska2022-synthetic",
    source="after Materzyńska et al., Disentangling visual and written concepts in CLIP, CVPR "
    "2022, the pictures with text of their training set",
    words="letters",
)
class Materzynska2022Synthetic(Recipe):
    """Three to five letters by lot in bold print across the middle of the picture.

    A bold sans of 40 pixels, centred, so long as the canvas has 224.

    Differs from the paper: how its pictures were drawn could not be read; what the repository
    (joaanna/disentangling_spelling_in_clip) holds begins with their features. Size, place, the
    letters and a face like Verdana's are as the paper has been described; the colour and the canvas
    are guesses. Roboto Bold stands for Verdana. In their training set real words stand beside such
    strings: `materzynska2022-synthetic @ random`.

    Attributes:
        em: the font size in pixels of a canvas of 224.
        ink: the letters' colour.
    """

    em: Annotated[int, Field(ge=1, le=224)] = 40
    ink: ColourName = "black"

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face("roboto", text, rng, bold=True)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        size = max(round(self.em * side / _CANVAS), 1)
        wide, tall = extent(face, (text,), size, 0)
        letters, clear = set_text(face, (text,), size), margin(size, 0)
        at = round((side - wide) / 2) - clear, round((canvas.height - tall) / 2) - clear
        fill = colour(self.ink)
        region = pour(image, stamp(letters, fill, fill), at)
        return finished(canvas, image, word, letters, region, face.family)
