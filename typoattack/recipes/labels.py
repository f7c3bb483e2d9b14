"""A printed label stuck on the photograph."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import centre, extent, moved, rectangle, turned
from typoattack.drawing.lettering import printed
from typoattack.drawing.placement import Place, place
from typoattack.drawing.surfaces import LABEL, lay, room, write
from typoattack.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe, Share, attacked, recipe
from typoattack.recipes.parts import ColourName, Degrees, FontName


@recipe("printed-label", source="new here; the plainest form of Goh et al. 2021, section 3.3")
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
    aspect: Annotated[float, Field(gt=0, le=2)] = 0.3
    font: FontName = "roboto"
    bold: bool = True
    ink: ColourName = "black"
    paper: ColourName = "white"
    place: Place = "avoid-centre"
    tilt: Degrees = 0.0

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        size = rectangle(self.size, self.size * self.aspect, side)
        angle = self.tilt * rng.uniform(-1, 1)
        quad = turned(size, side, angle, rng)
        quad = moved(quad, place(self.place, extent(quad), side, rng))
        image = canvas.copy()
        region = lay(image, LABEL, quad, colour(self.paper), rng)
        face = find_face(self.font, text, rng, bold=self.bold)
        letters = printed(text, face, room(LABEL, size))
        if ink:
            mask = letters.ink
            if angle:
                mask = mask.rotate(angle, Image.Resampling.BILINEAR, expand=True)
            write(image, mask, centre(quad), colour(self.ink))
        return attacked(
            canvas,
            image,
            word=word,
            written=letters.written if ink else "",
            size=letters.em / side if ink else 0.0,
            region=region,
            facts={"font": face.family},
        )
