"""Words and logo-like shapes that name no class, put into the corners of a photograph."""

from dataclasses import replace
from typing import Annotated, ClassVar

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import BASIC, colour
from typoattack.drawing.fonts import Face, find_face, tidy
from typoattack.drawing.geometry import Box, joined
from typoattack.drawing.lettering import Lettering, printed
from typoattack.drawing.placement import place
from typoattack.drawing.shapes import SHAPES, shape_mask
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, Share, recipe
from typoattack.recipes.label import finished, pour, stamp
from typoattack.recipes.parts import ColourName, FontName

PLUS = " + "
"""What stands between two artefacts."""

SPOTS = ("bottom-right", "bottom-left", "top-right", "top-left", "bottom", "top", "right", "left")
"""Where artefacts go, the first one first; more than eight begin again."""

SHAPE_NAMES = tuple(f"{name} {shape}" for shape in SHAPES for name in BASIC)
"""Every shape in every basic colour, as an artefact is written: `red star`."""


@recipe(
    "artefact",
    source="after Qraitem et al. 2025, Web Artifact Attacks: text and logos that match no class",
    words="list:red star,sale,blue circle,www,yellow burst,click here,green check,new",
)
class Artefact(Recipe):
    """Words and plain shapes in the photograph's corners: `red star + sale`.

    The word is a list of artefacts with ` + ` between them. A basic colour and a shape (square,
    triangle, diamond, star, burst, heart, cross, arrow, bars, check, circle, ring, target) is
    drawn, anything else is written. Which artefacts drive photographs to a class is found by
    `typoattack word-search --vocabulary shapes --together 2 --recipe artefact`. They are no
    class's name: flips are counted, and no success against a written class.

    Attributes:
        size: an artefact's width as a share of the canvas.
        font: of what is written: a family, or a style.
        fill: the letters' colour.
        edge: the colour around letters and shapes.
        outline: its width as a share of the artefact's; 0 for none.
    """

    size: Share = 0.2
    font: FontName = "roboto"
    fill: ColourName = "white"
    edge: ColourName = "black"
    outline: Annotated[float, Field(ge=0, le=0.2)] = 0.04

    between: ClassVar[str] = PLUS

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        face = find_face(self.font, tidy(word), rng, bold=True)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family, artefacts=0)
        regions: list[Box] = []
        letters: Lettering | None = None
        parts = [part for part in tidy(word).split(PLUS) if part.strip()] or [tidy(word)]
        for number, part in enumerate(parts):
            spot = SPOTS[number % len(SPOTS)]
            if part in SHAPE_NAMES:
                regions.append(self._shape(image, part, spot, rng))
            else:
                letters = self._letters(part, face, canvas.width)
                regions.append(self._written(image, letters, spot, rng))
        made = finished(
            canvas, image, word, letters, joined(*regions), face.family, artefacts=len(parts)
        )
        return replace(made, written=tidy(word))  # shapes by their names

    def _letters(self, text: str, face: Face, side: int) -> Lettering:
        width = round(self.size * side)
        return printed(text, face, (width, max(width // 2, 1)), outline=self.outline)

    def _written(self, image: Image.Image, letters: Lettering, spot: str, rng: Rng) -> Box:
        made = stamp(letters, colour(self.fill), colour(self.edge))
        return pour(image, made, _corner(spot, letters.ink.size, image.width, rng))

    def _shape(self, image: Image.Image, name: str, spot: str, rng: Rng) -> Box:
        told, _, shape = name.partition(" ")
        width = max(round(self.size * image.width), 1)
        border = round(self.outline * width)
        at = _corner(spot, (width, width), image.width, rng)
        whole = shape_mask(shape, width, border, grown=True)
        region = pour(image, (Image.new("RGB", whole.size, colour(self.edge)), whole), at)
        inside = shape_mask(shape, width, border)
        return joined(region, pour(image, (Image.new("RGB", inside.size, BASIC[told]), inside), at))


def _corner(spot: str, size: tuple[int, int], side: int, rng: Rng) -> tuple[int, int]:
    left, top = place(spot, size, side, rng)
    return round(left), round(top)
