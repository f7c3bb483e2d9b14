"""Handwritten notes stuck on the photograph."""

from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.drawing.colours import INK, PAPER, colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import centre, extent, moved, rectangle, turned
from typoattack.drawing.handwriting import handwritten
from typoattack.drawing.placement import Place, place
from typoattack.drawing.surfaces import STICKY_NOTE, lay, lit, room, scene_light, write
from typoattack.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe, Share, attacked, recipe
from typoattack.recipes.parts import ColourName, Degrees, FontName, Wobble


@recipe("handwritten-note", source="new here; after Goh et al. 2021, figure of the apple")
class HandwrittenNote(Recipe):
    """A sticky note with the word written by hand: turned, shadowed, in the scene's light.

    Attributes:
        size: the note's width as a share of the canvas; the word fills the note.
        aspect: the note's height over its width.
        font: a font family, or a style.
        ink: the pen's colour.
        paper: the note's colour.
        place: where it goes.
        tilt: the most degrees it is turned either way.
        wobble: how irregular the hand is.
    """

    size: Share = 0.5
    aspect: Annotated[float, Field(gt=0, le=2)] = 0.72
    font: FontName = "handwriting"
    ink: ColourName = "black"
    paper: ColourName = "yellow"
    place: Place = "avoid-centre"
    tilt: Degrees = 8.0
    wobble: Wobble = 1.0

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        size = rectangle(self.size, self.size * self.aspect, side)
        angle = self.tilt * rng.uniform(-1, 1)
        quad = turned(size, side, angle, rng, skew=0.025)
        quad = moved(quad, place(self.place, extent(quad), side, rng))
        light = scene_light(canvas, quad, 0.6)
        image = canvas.copy()
        region = lay(image, STICKY_NOTE, quad, lit(colour(self.paper, PAPER), light), rng)
        face = find_face(self.font, text, rng, bold=True)
        letters = handwritten(
            text, face, room(STICKY_NOTE, size), rng, wobble=self.wobble, angle=angle
        )
        if ink:
            write(image, letters.ink, centre(quad), lit(colour(self.ink, INK), light))
        return attacked(
            canvas,
            image,
            word=word,
            written=letters.written if ink else "",
            size=letters.em / side if ink else 0.0,
            region=region,
            facts={"font": face.family},
        )
