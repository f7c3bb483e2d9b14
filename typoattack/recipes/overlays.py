"""Words laid straight on the photograph, as software does it."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.drawing.colours import Colour, colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import Box, joined, rectangle
from typoattack.drawing.lettering import Lettering, printed
from typoattack.drawing.placement import Place, place, tiled
from typoattack.randomness import Rng
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, Share, attacked, recipe
from typoattack.recipes.parts import ColourName, FontName


def pour(
    image: Image.Image,
    text: Lettering,
    at: tuple[int, int],
    fill: Colour,
    outline: Colour | None = None,
    opacity: float = 1.0,
) -> Box:
    """Draw a lettering on `image`, in place, its top left corner at `at`; where that was."""
    layers = [(text.outline, outline), (text.ink, fill)]
    for mask, tint in layers:
        if mask is not None and tint is not None:
            image.paste(tint, at, mask if opacity == 1 else mask.point(_faded(opacity)))
    return at[0], at[1], at[0] + text.ink.width, at[1] + text.ink.height


def _faded(opacity: float) -> list[int]:
    return [round(level * opacity) for level in range(256)]


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
    aspect: Annotated[float, Field(gt=0, le=2)] = 0.3
    font: FontName = "roboto"
    bold: bool = True
    fill: ColourName = "white"
    edge: ColourName = "black"
    outline: Annotated[float, Field(ge=0, le=0.3)] = 0.06
    opacity: Share = 1.0
    place: Place = "avoid-centre"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        room = rectangle(self.size, self.size * self.aspect, side)
        left, top = place(self.place, room, side, rng)
        face = find_face(self.font, text, rng, bold=self.bold)
        letters = printed(text, face, room, outline=self.outline)
        image, region = canvas.copy(), NOWHERE
        if ink:
            x = round(left + (room[0] - letters.ink.width) / 2)
            y = round(top + (room[1] - letters.ink.height) / 2)
            fill, edge = colour(self.fill), colour(self.edge)
            region = pour(image, letters, (x, y), fill, edge, self.opacity)
        return attacked(
            canvas,
            image,
            word=word,
            written=letters.written if ink else "",
            size=letters.em / side if ink else 0.0,
            region=region,
            facts={"font": face.family},
        )


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
    outline: Annotated[float, Field(ge=0, le=0.3)] = 0.06
    opacity: Share = 1.0

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face(self.font, text, rng, bold=self.bold)
        room = rectangle(self.size / self.columns, self.size / self.rows, side)
        letters = printed(text, face, room, outline=self.outline)
        image, regions = canvas.copy(), [NOWHERE]
        if ink:
            fill, edge = colour(self.fill), colour(self.edge)
            regions = [
                pour(image, letters, spot, fill, edge, self.opacity)
                for spot in tiled(self.rows, self.columns, letters.ink.size, side)
            ]
        return attacked(
            canvas,
            image,
            word=word,
            written=letters.written if ink else "",
            size=letters.em / side if ink else 0.0,
            region=joined(*regions),
            facts={"font": face.family, "copies": len(regions) if ink else 0},
        )
