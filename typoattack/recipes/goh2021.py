"""Text repeated at fixed places: the ImageNet attack of Goh et al. 2021."""

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


_SIDE = 288
"""Pixels of the authors' pictures, in which their figures are measured."""

_PLACES = (
    *((21, 24), (71, 49), (21, 74), (71, 99)),
    *((121, 124), (171, 149), (121, 174), (171, 199)),
)
"""Where the ink of `pizza` begins, outline included: left and top in `example_after.png`."""

_MODEL_WORD = "pizza"


@recipe(
    "goh2021",
    source="Goh et al., Multimodal Neurons in Artificial Neural Networks, Distill 2021, "
    "typographic attacks on ImageNet; public/typographic of distillpub/post--multimodal",
)
class Goh2021(Recipe):
    """The word eight times at the authors' fixed, staggered places, white with a black outline.

    Every word has the same size, so that a long one covers more. Measured on the authors' own
    `example_before.png` and `example_after.png`: boxes of `pizza` within 1 pixel of 288. Measured
    against their `small_attacks.json`: covered pixels within 0.52 points of the published 6.4 to
    10 % for each of the nine words.

    Their targets are nine words, of which four are no class's name: see the suite
    `goh2021-imagenet`. They count the photographs that become the target over all photographs,
    also those that were wrong when clean: the figure *says the word*.

    Differs from the paper: the letters, which measure as DejaVu Sans of 20 pixels, are Roboto Bold
    of 21, since the embedded model was trained on DejaVu Sans; the canvas is the suite's,
    not 288 (give `--canvas 288`); how words but `pizza` were placed is not published, here they
    begin at the same point of the line.

    Attributes:
        size: the letters' em as a share of the canvas.
        outline: its width as a share of the canvas.
        font: a font family, or a style.
        fill: the letters' colour.
        edge: the outline's colour.
    """

    size: Share = 21 / _SIDE
    outline: Annotated[float, Field(ge=0, le=0.1)] = 2 / _SIDE
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
        if not ink:
            image = canvas.copy()
            return finished(canvas, image, word, None, NOWHERE, face.family, copies=0)
        em, stroke = round(self.size * side, 6), round(self.outline * side)
        room = (side * max(len(text), 1), side)  # a long word runs off the picture
        letters = set_lines(face, (text,), em, room, stroke=stroke)
        font = face.at(max(int(em), 1))
        begin, model = (font.getbbox(one, stroke_width=stroke) for one in (text, _MODEL_WORD))
        made = stamp(letters, colour(self.fill), colour(self.edge))
        blank = (made[1].getbbox() or (0, 0, 0, 0))[1]  # rows above the ink
        image = canvas.copy()
        regions = [
            pour(
                image,
                made,
                (
                    round(left * side / _SIDE) + round(begin[0] - model[0]),
                    round(top * side / _SIDE) + round(begin[1] - model[1]) - blank,
                ),
            )
            for left, top in _PLACES
        ]
        places = len(_PLACES)
        return finished(canvas, image, word, letters, joined(*regions), face.family, copies=places)


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
