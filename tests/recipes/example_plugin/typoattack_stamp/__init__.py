"""A rubber stamp across the photograph: an example of a recipe in a package of its own."""

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.placement import Place
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.label import OnPhotograph


@recipe("rubber-stamp", source="new here; the example of the README")
class RubberStamp(Recipe):
    """The word like a rubber stamp: red, see-through.

    Attributes:
        size: width of the word as a share of the canvas.
        opacity: how much the ink hides.
        place: where it goes.
    """

    size: Share = 0.7
    opacity: Share = 0.7
    place: Place = "centre"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnPhotograph(
            size=self.size,
            aspect=0.3,
            fill="#c01622",
            edge="#c01622",
            outline=0.0,
            opacity=self.opacity,
            place=self.place,
            font="courier-prime",
        ).draw(canvas, word, rng, ink=ink)
