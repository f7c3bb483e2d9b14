"""A recipe put together from parts by its parameters, so that a suite file needs no code."""

from typing import Annotated, Literal

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.finish import blurred, compressed
from typoattack.drawing.geometry import Box
from typoattack.drawing.placement import Place
from typoattack.drawing.surfaces import LABEL, SHEET, SIGN, STICKY_NOTE
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.finishes import remeasured
from typoattack.recipes.label import Hand, OnPhotograph, OnSurface
from typoattack.recipes.parts import Aspect, ColourName, Degrees, FontName, Outline, Wobble

_SURFACES = {"label": LABEL, "sticky-note": STICKY_NOTE, "sheet": SHEET, "board": SIGN}


@recipe("composed", source="new here; put together in the suite from parts")
class Composed(Recipe):
    """Any surface, hand, font, place and finish together.

    Attributes:
        surface: what is written on; `none` writes on the photograph.
        hand: `printed` or `handwritten`.
        font: a font family, or a style.
        bold: bold where the family has it.
        size: width of the surface, or of the box that the word fills, as a share of the canvas.
        aspect: its height over its width.
        ink: the letters' colour.
        paper: the surface's colour.
        edge: the outline's colour, for print without a surface.
        outline: its width, as a share of the letters' em.
        opacity: of letters without a surface.
        place: where it goes.
        tilt: the most degrees a surface is turned either way.
        wobble: how irregular handwriting is.
        scene: how much of the scene's light a surface takes.
        finish: what is done to the writing: `none`, `blurred` or `compressed`.
        strength: of the finish: the blur's radius as a share of the canvas times 100, or JPEG's
            quality.
    """

    surface: Literal["none", "label", "sticky-note", "sheet", "board"] = "label"
    hand: Hand = "printed"
    font: FontName = "printed"
    bold: bool = True
    size: Share = 0.6
    aspect: Aspect = 0.3
    ink: ColourName = "black"
    paper: ColourName = "white"
    edge: ColourName = "white"
    outline: Outline = 0.06
    opacity: Share = 1.0
    place: Place = "avoid-centre"
    tilt: Degrees = 0.0
    wobble: Wobble = 1.0
    scene: Annotated[float, Field(ge=0, le=1)] = 0.0
    finish: Literal["none", "blurred", "compressed"] = "none"
    strength: Annotated[float, Field(gt=0, le=95)] = 1.0

    @property
    def bare(self) -> bool:
        """Where there is no surface."""
        return self.surface == "none"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        drawn = self._drawn(canvas, word, rng, ink=ink)
        if self.finish == "none":
            return drawn

        def finish(image: Image.Image, box: Box) -> Box:
            if self.finish == "compressed":
                return compressed(image, box, max(round(self.strength), 1))
            return blurred(canvas, image, box, min(self.strength, 10) / 100 * canvas.width)

        return remeasured(canvas, drawn, finish)

    def _drawn(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool) -> Attacked:
        if self.surface == "none":
            return OnPhotograph(
                size=self.size,
                aspect=self.aspect,
                fill=self.ink,
                edge=self.edge,
                outline=self.outline,
                opacity=self.opacity,
                place=self.place,
                hand=self.hand,
                font=self.font,
                bold=self.bold,
                wobble=self.wobble,
            ).draw(canvas, word, rng, ink=ink)
        return OnSurface(
            surface=_SURFACES[self.surface],
            size=self.size,
            aspect=self.aspect,
            paper=self.paper,
            ink=self.ink,
            place=self.place,
            hand=self.hand,
            font=self.font,
            bold=self.bold,
            tilt=self.tilt,
            skew=0.0 if self.surface == "label" else 0.02,
            wobble=self.wobble,
            scene=self.scene,
        ).draw(canvas, word, rng, ink=ink)
