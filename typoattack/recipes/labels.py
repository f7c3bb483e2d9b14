"""A printed label stuck on the photograph, upright, turned, or written downwards."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.placement import Place
from typoattack.drawing.surfaces import LABEL
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.label import OnSurface
from typoattack.recipes.parts import Aspect, ColourName, Degrees, FontName


@recipe("printed-label", source="new here; the plainest form of the attack of Goh et al. 2021")
class PrintedLabel(Recipe):
    """A white label with the word in bold print.

    Attributes:
        size: the label's width as a share of the canvas; the word fills the label.
        aspect: the label's height over its width.
        font: a font family, or a style.
        bold: bold where the family has it.
        ink: the letters' colour.
        paper: the label's colour.
        place: where it goes.
        tilt: the most degrees it is turned either way.
    """

    size: Share = 0.6
    aspect: Aspect = 0.3
    font: FontName = "roboto"
    bold: bool = True
    ink: ColourName = "black"
    paper: ColourName = "white"
    place: Place = "avoid-centre"
    tilt: Degrees = 0.0

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnSurface(
            surface=LABEL,
            size=self.size,
            aspect=self.aspect,
            paper=self.paper,
            ink=self.ink,
            place=self.place,
            font=self.font,
            bold=self.bold,
            tilt=self.tilt,
        ).draw(canvas, word, rng, ink=ink)


@recipe("rotated", source="new here")
class Rotated(Recipe):
    """The printed label turned by a given angle: does a model read sideways?

    Attributes:
        angle: degrees, counter-clockwise.
        size: the label's width, before it is turned, as a share of the canvas.
        aspect: the label's height over its width, before it is turned.
        font: a font family, or a style.
        place: where it goes.
    """

    angle: Annotated[float, Field(ge=-180, le=180)] = 90.0
    size: Share = 0.6
    aspect: Aspect = 0.3
    font: FontName = "roboto"
    place: Place = "avoid-centre"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnSurface(
            surface=LABEL,
            size=self.size,
            aspect=self.aspect,
            paper="white",
            ink="black",
            place=self.place,
            font=self.font,
            turn=self.angle,
        ).draw(canvas, word, rng, ink=ink)


@recipe("vertical", source="new here")
class Vertical(Recipe):
    """A tall label with one upright letter below the other.

    Attributes:
        size: the label's height as a share of the canvas.
        aspect: the label's width over its height.
        font: a font family, or a style.
        place: where it goes.
    """

    size: Share = 0.85
    aspect: Annotated[float, Field(gt=0, le=1)] = 0.25
    font: FontName = "roboto"
    place: Place = "avoid-centre"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnSurface(
            surface=LABEL,
            size=self.size * self.aspect,
            aspect=1 / self.aspect,
            paper="white",
            ink="black",
            place=self.place,
            font=self.font,
            stacked=True,
        ).draw(canvas, word, rng, ink=ink)
