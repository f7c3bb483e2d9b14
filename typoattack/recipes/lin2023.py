"""Pictures of words alone (Lin et al. 2023, Parrot Captions)."""

from typing import Literal

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import Colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.pillow_text import extent, margin, set_text
from typoattack.recipes.base import Attacked, Recipe, recipe
from typoattack.recipes.label import finished, pour, stamp

_CANVAS, _EM = 224, 32
"""The protocol's canvas and font size in pixels; they grow with a larger one."""

Style = Literal["black on white", "white on black", "white on grey", "black on grey"]

STYLES: dict[str, tuple[Colour, Colour]] = {
    "black on white": ((0, 0, 0), (255, 255, 255)),
    "white on black": ((255, 255, 255), (0, 0, 0)),
    "white on grey": ((255, 255, 255), (128, 128, 128)),
    "black on grey": ((0, 0, 0), (128, 128, 128)),
}
"""The four styles in the authors' order: letters, ground."""


@recipe(
    "lin2023",
    source="Lin et al., Parrot Captions Teach CLIP to Spot Text, 2023; sys_benchmark.py of "
    "opendatalab/CLIP-Parrot-Bias",
    words="random",
)
class Lin2023(Recipe):
    """A word on a plain ground and nothing else: does the model read at all?

    The photograph is covered whole. On a canvas of 224 pixels the word is 32 pixels large in a
    sans, centred by its box from the ascender down; a long one runs off. The share of such
    pictures that are called the word, *says the word*, is how well the model reads; the blank
    control is the ground.

    Differs from the paper: Roboto stands for Arial; the words are the task's classes, theirs the
    commonest of LAION-2B's captions; their figure is the mean cosine of picture and word, the
    column `sim_word` of the predictions.

    Attributes:
        style: letters on ground; one of the authors' four.
    """

    style: Style = "black on white"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face("roboto", text, rng)
        fill, ground = STYLES[self.style]
        image = Image.new("RGB", canvas.size, ground)
        whole = (0, 0, *canvas.size)
        size = max(round(_EM * side / _CANVAS), 1)
        letters = set_text(face, (text,), size)
        if not ink:
            return finished(canvas, image, word, None, whole, face.family)
        wide, tall = extent(face, (text,), size, 0)
        clear = margin(size, 0)
        at = round((side - wide) / 2) - clear, round((canvas.height - tall) / 2) - clear
        pour(image, stamp(letters, fill, fill), at)
        return finished(canvas, image, word, letters, whole, face.family)
