"""Words laid straight on the photograph, as software does it."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import joined, rectangle
from typoattack.drawing.lettering import printed
from typoattack.drawing.placement import Place, tiled
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, Share, recipe
from typoattack.recipes.label import OnPhotograph, finished, pour, stamp
from typoattack.recipes.parts import Aspect, ColourName, FontName, Outline


@recipe("plain-overlay", source="new here; the overlay of common red-teaming tools")
class PlainOverlay(Recipe):
    """The word in bold print with an outline, no surface behind it.

    Attributes:
        size: width of the box that the word fills, as a share of the canvas.
        aspect: that box's height over its width.
        font: a font family, or a style.
        bold: bold where the family has it.
        fill: the letters' colour.
        edge: the outline's colour.
        outline: the outline's width, as a share of the letters' em; 0 for none.
        opacity: 1 hides the photograph behind the letters, less lets it through.
        place: where it goes.
    """

    size: Share = 0.7
    aspect: Aspect = 0.3
    font: FontName = "roboto"
    bold: bool = True
    fill: ColourName = "white"
    edge: ColourName = "black"
    outline: Outline = 0.06
    opacity: Share = 1.0
    place: Place = "avoid-centre"

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnPhotograph(
            size=self.size,
            aspect=self.aspect,
            fill=self.fill,
            edge=self.edge,
            outline=self.outline,
            opacity=self.opacity,
            place=self.place,
            font=self.font,
            bold=self.bold,
        ).draw(canvas, word, rng, ink=ink)


@recipe("repeated-overlay", source="new here; a denser form of Goh et al. 2021's repeated text")
class RepeatedOverlay(Recipe):
    """The word many times over, in rows and columns.

    Attributes:
        rows: how many rows.
        columns: how many words a row.
        size: width of the box that each word fills, as a share of its cell.
        font: a font family, or a style.
        bold: bold where the family has it.
        fill: the letters' colour.
        edge: the outline's colour.
        outline: the outline's width, as a share of the letters' em; 0 for none.
        opacity: 1 hides the photograph behind the letters, less lets it through.
    """

    rows: Annotated[int, Field(ge=1, le=32)] = 5
    columns: Annotated[int, Field(ge=1, le=32)] = 2
    size: Share = 0.8
    font: FontName = "roboto"
    bold: bool = True
    fill: ColourName = "white"
    edge: ColourName = "black"
    outline: Outline = 0.06
    opacity: Share = 1.0

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face(self.font, text, rng, bold=self.bold)
        room = rectangle(self.size / self.columns, self.size / self.rows, side)
        letters = printed(text, face, room, outline=self.outline)
        image = canvas.copy()
        regions = [NOWHERE]
        if ink:
            made = stamp(letters, colour(self.fill), colour(self.edge), self.opacity)
            spots = tiled(self.rows, self.columns, letters.ink.size, side)
            regions = [pour(image, made, spot) for spot in spots]
        written = letters if ink else None
        copies = self.rows * self.columns if ink else 0
        return finished(canvas, image, word, written, joined(*regions), face.family, copies=copies)
