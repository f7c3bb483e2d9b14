"""Bars of text above and below the photograph (Qraitem et al. 2024)."""

import textwrap
from typing import Annotated, Literal

from PIL import Image, ImageDraw
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.recipes.base import Attacked, Recipe, attacked, recipe
from typoattack.recipes.parts import ColourName

_SIDE = 512
"""Pixels to which the authors resize a photograph before they add the bars."""

_SPACING = 5
"""Pixels between their lines."""

_NARROW = 0.45
"""A letter's width in ems, by which they reckon how many fit on a line."""


@recipe(
    "qraitem2024",
    source="Qraitem et al., Vision-LLMs Can Fool Themselves with Self-Generated Typographic "
    "Attacks, 2024; utils.py of mqraitem/Self-Gen-Typo-Attack",
    words="random",
)
class Qraitem2024(Recipe):
    """White bars of a quarter above and below the photograph, the word in the upper one.

    A word of one or two lines leaves the photograph as it is, so that whatever flips beyond the
    blank control is reading. A third line, which there is from 57 letters on at the latest, reaches
    into it: as far as row 86 of a canvas of 448, whose photograph begins at row 74 (measured).
    The word begins at the bar's upper left corner, 40 pixels large where the photograph has 512,
    and wraps after as many letters as fit by the authors' rule.

    Differs from the paper: a canvas is square, so the photograph with its bars is made smaller to
    fit, with white to its sides, and not squeezed; Roboto stands for Liberation Sans; the word is
    their *random class* attack, not one that a language model proposes, and no description stands
    in the lower bar; they ask vision-language models by multiple choice.

    Attributes:
        bar: each bar's height as a share of the photograph's.
        em: the font size in pixels of a photograph of 512.
        ink: the letters' colour.
        position: in which bar.
    """

    bar: Annotated[float, Field(gt=0, le=1)] = 0.25
    em: Annotated[int, Field(ge=1, le=512)] = 40
    ink: ColourName = "black"
    position: Literal["top", "bottom"] = "top"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        face = find_face("roboto", text, rng)
        small = max(round(side / (1 + 2 * self.bar)), 1)
        left, top = (side - small) // 2, (side - small) // 2
        image = Image.new("RGB", canvas.size, (255, 255, 255))
        image.paste(canvas.resize((small, small), Image.Resampling.BICUBIC), (left, top))
        scale = small / _SIDE
        size = max(round(self.em * scale), 1)
        if ink:
            draw, font = ImageDraw.Draw(image), face.at(size)
            y = 0.0 if self.position == "top" else float(top + small)
            for line in textwrap.wrap(text, width=max(int(_SIDE / (self.em * _NARROW)), 1)):
                draw.text((left, round(y)), line, fill=colour(self.ink), font=font)
                y += font.getbbox(line)[3] + _SPACING * scale
        return attacked(
            canvas,
            image,
            word=word,
            written=text if ink else "",
            size=size / side if ink else 0.0,
            facts={"font": face.family},
        )
