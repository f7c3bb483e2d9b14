"""Attacks that somebody else photographed or drew: nothing is added."""

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe, recipe


@recipe("as-given", source="the data set that carries the pictures")
class AsGiven(Recipe):
    """The attacked picture that the data set pairs with the clean one (SCAM, Stroop cards, ...).

    Attributes:
        variant: what the data set calls this kind of picture, such as `SCAM`.
    """

    variant: str

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        """Not drawn: the generator takes the picture from the sample."""
        raise TypeError("as-given pictures come with the data set; there is nothing to draw")
