"""Text repeated at fixed places, after the ImageNet attack of Goh et al. 2021."""

import math
from dataclasses import dataclass
from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import Face, find_face, tidy
from typoattack.drawing.geometry import joined, rectangle
from typoattack.drawing.lettering import Lettering, set_lines
from typoattack.drawing.lines import fit
from typoattack.drawing.placement import tiled
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, Share, recipe
from typoattack.recipes.label import finished, pour, stamp
from typoattack.recipes.parts import ColourName, FontName

_COLUMNS = 2


@dataclass(frozen=True, repr=False)
class _AtFixedPlaces(Recipe):
    """The word at fixed places in two columns, as large as makes up a share of the pixels."""

    copies: Annotated[int, Field(ge=2, le=32, multiple_of=_COLUMNS)] = 8
    coverage: Share = 0.07
    font: FontName = "roboto"
    fill: ColourName = "white"
    edge: ColourName = "black"

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face(self.font, text, rng, bold=True)
        rows = self.copies // _COLUMNS
        letters = self._lettering(text, face, rows, side)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family, copies=0)
        made = stamp(letters, colour(self.fill), colour(self.edge))
        spots = tiled(rows, _COLUMNS, letters.ink.size, side)
        regions = [pour(image, made, spot) for spot in spots]
        return finished(
            canvas, image, word, letters, joined(*regions), face.family, copies=self.copies
        )

    def _lettering(self, text: str, face: Face, rows: int, side: int) -> Lettering:
        """The word at the size at which all copies cover what they should, or fill their cells.

        Ink grows nearly with the square of the size: a few corrections from the largest do.
        """
        room = rectangle(0.96 / _COLUMNS, 0.96 / rows, side)
        stroke = max(round(side / 300), 1)
        lines, largest = fit(face, text, (room[0] - 2 * stroke, room[1] - 2 * stroke))
        wanted = self.coverage * side * side / self.copies
        tried, em = [], largest
        for _ in range(4):
            letters = set_lines(face, lines, round(em, 1), room, stroke=stroke)
            covers = _pixels(letters)
            tried.append((abs(covers - wanted), letters))
            em = min(letters.em * math.sqrt(wanted / max(covers, 1)), largest)
        return min(tried, key=lambda one: one[0])[1]


def _pixels(letters: Lettering) -> int:
    """How many pixels a lettering changes, its outline included."""
    mask = letters.outline or letters.ink
    return mask.width * mask.height - mask.histogram()[0]


@recipe(
    "goh2021",
    source="after Goh et al., Multimodal Neurons in Artificial Neural Networks, Distill 2021, "
    "typographic attacks on ImageNet",
)
class Goh2021(_AtFixedPlaces):
    """The word at eight fixed places in one font, covering about 7 % of the pixels.

    The paper's page was not at hand to check against: places in two columns of four, white
    letters with a thin black outline and the font are choices made here, the number of copies
    and the coverage are the paper's. A long word that fills its cells covers less; `coverage`
    in the predictions says how much. Words known from the paper: `iPod`, `pizza`, and `$$$` for
    *piggy bank* (see the recipe `symbol`).

    Attributes:
        copies: how many times the word stands there; even.
        coverage: the share of the canvas's pixels that all copies change together.
        font: a font family, or a style.
        fill: the letters' colour.
        edge: the outline's colour.
    """


@recipe(
    "dog-pizza",
    source="after Goh et al. 2021: a dog that is taken for a pizza",
    words="fixed:pizza",
)
class DogPizza(_AtFixedPlaces):
    """`pizza` written all over the photograph.

    Attributes:
        copies: how many times the word stands there; even.
        coverage: the share of the canvas's pixels that all copies change together.
        font: a font family, or a style.
        fill: the letters' colour.
        edge: the outline's colour.
    """

    coverage: Share = 0.12
