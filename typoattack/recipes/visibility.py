"""Writing that is hard to see, or seen everywhere: faint, a watermark, among other words."""

import math
from typing import Annotated, Literal

from PIL import Image, ImageStat
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import Face, find_face, tidy
from typoattack.drawing.geometry import Box, joined, rectangle
from typoattack.drawing.lettering import Lettering, printed, set_lines
from typoattack.drawing.placement import Place, place
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, Share, recipe
from typoattack.recipes.distractors import DISTRACTORS
from typoattack.recipes.label import finished, pour, stamp
from typoattack.recipes.parts import Aspect, ColourName, FontName


@recipe("faint", source="new here")
class Faint(Recipe):
    """The word a little lighter or darker than the photograph behind it, without an outline.

    On a dark ground the letters are lighter, on a light one darker.

    Attributes:
        contrast: how much, as a share of the range from black to white.
        size: width of the box that the word fills, as a share of the canvas.
        aspect: that box's height over its width.
        font: a font family, or a style.
        place: where it goes.
    """

    contrast: Share = 0.12
    size: Share = 0.8
    aspect: Aspect = 0.35
    font: FontName = "roboto"
    place: Place = "random"

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        space = rectangle(self.size, self.size * self.aspect, side)
        left, top = place(self.place, space, side, rng, photograph=canvas)
        face = find_face(self.font, text, rng, bold=True)
        letters = printed(text, face, space)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        x = round(left + (space[0] - letters.ink.width) / 2)
        y = round(top + (space[1] - letters.ink.height) / 2)
        box = (x, y, x + letters.ink.width, y + letters.ink.height)
        ground = canvas.crop(box)
        brightness = sum(ImageStat.Stat(ground).mean) / 3
        step = round(255 * self.contrast) * (1 if brightness < 128 else -1)
        shifted = ground.point([min(max(level + step, 0), 255) for level in range(256)] * 3)
        image.paste(shifted, (x, y), letters.ink)
        return finished(canvas, image, word, letters, box, face.family)


@recipe("translucent-watermark", source="new here")
class TranslucentWatermark(Recipe):
    """The word as a watermark: slanting, see-through, all over the photograph.

    Attributes:
        opacity: how much it hides.
        em: the letters' size as a share of the canvas.
        angle: degrees it slants, counter-clockwise.
        font: a font family, or a style.
        fill: the letters' colour.
    """

    opacity: Share = 0.3
    em: Annotated[float, Field(gt=0, le=0.5)] = 0.09
    angle: Annotated[float, Field(ge=-90, le=90)] = 30.0
    font: FontName = "roboto"
    fill: ColourName = "white"

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        shift = rng.random(2).tolist()
        face = find_face(self.font, text, rng, bold=True)
        letters = set_lines(face, (text,), self.em * side, (round(0.8 * side), side))
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        mask = letters.ink.rotate(self.angle, Image.Resampling.BILINEAR, expand=True)
        level = round(255 * self.opacity)
        mask = mask.point([grey * level // 255 for grey in range(256)])
        tint, regions = colour(self.fill), []
        for x, y in self._spots(letters, shift, side):
            at = (round(x - mask.width / 2), round(y - mask.height / 2))
            image.paste(tint, at, mask)
            regions.append((at[0], at[1], at[0] + mask.width, at[1] + mask.height))
        return finished(canvas, image, word, letters, joined(*regions), face.family)

    def _spots(
        self, letters: Lettering, shift: list[float], side: int
    ) -> list[tuple[float, float]]:
        """Middles of the words: a slanting grid, every other row moved by half a word."""
        along = letters.ink.width + letters.em
        across = max(letters.ink.height * 2.4, side / 40)
        turn = math.radians(self.angle)
        cos, sin = math.cos(turn), math.sin(turn)
        rows, columns = math.ceil(side / across) + 1, math.ceil(side / along) + 1
        spots = []
        for j in range(-rows, rows + 1):
            for i in range(-columns, columns + 1):
                u = (i + shift[0] + 0.5 * (j % 2)) * along
                v = (j + shift[1]) * across
                x, y = side / 2 + cos * u + sin * v, side / 2 - sin * u + cos * v
                if -along / 2 < x < side + along / 2 and -along / 2 < y < side + along / 2:
                    spots.append((x, y))
        return spots or [(side / 2, side / 2)]


@recipe("caption-bar", source="new here; after the captions of memes")
class CaptionBar(Recipe):
    """The word in capitals across the top and the bottom, like a meme.

    Attributes:
        where: at the top, at the bottom, or both.
        height: a caption's height as a share of the canvas.
        bar: the bar's colour; `none` writes on the photograph with an outline.
        font: a font family, or a style.
    """

    where: Literal["both", "top", "bottom"] = "both"
    height: Annotated[float, Field(gt=0, le=0.5)] = 0.16
    bar: Literal["none", "black", "white"] = "none"
    font: FontName = "anton"

    @property
    def bare(self) -> bool:
        """Where there is no bar."""
        return self.bar == "none"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word).upper(), canvas.width
        face = find_face(self.font, text, rng, bold=True)
        tall = max(round(self.height * side), 4)
        space = (max(round(0.96 * side), 1), max(round(0.86 * tall), 1))
        fill, edge = colour("black" if self.bar == "white" else "white"), colour("black")
        outline = 0.07 if self.bar == "none" else 0.0
        letters = printed(text, face, space, outline=outline)
        image, regions = canvas.copy(), [NOWHERE]
        tops = {"both": (0, side - tall), "top": (0,), "bottom": (side - tall,)}[self.where]
        for top in tops:
            if self.bar != "none":
                box = (0, top, side, top + tall)
                image.paste(colour(self.bar), box)
                regions.append(box)
            if ink:
                x, y = (side - letters.ink.width) // 2, top + (tall - letters.ink.height) // 2
                regions.append(pour(image, stamp(letters, fill, edge), (x, y)))
        written = letters if ink else None
        return finished(canvas, image, word, written, joined(*regions), face.family)


@recipe("background-text", source="new here")
class BackgroundText(Recipe):
    """The word among many small words that have nothing to do with it.

    Attributes:
        count: how many other words.
        em: their size as a share of the canvas.
        larger: how many times larger the target word is.
        font: a font family, or a style.
        fill: the letters' colour.
        edge: the outline's colour.
    """

    count: Annotated[int, Field(ge=0, le=200)] = 30
    em: Annotated[float, Field(gt=0, le=0.2)] = 0.045
    larger: Annotated[float, Field(ge=1, le=10)] = 2.0
    font: FontName = "roboto"
    fill: ColourName = "white"
    edge: ColourName = "black"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        others = [DISTRACTORS[i] for i in rng.integers(0, len(DISTRACTORS), self.count).tolist()]
        shares = rng.random((self.count + 1, _TRIES, 2)).tolist()
        face = find_face(self.font, text, rng, bold=True)
        target = _outlined(text, self.em * self.larger * side, face, side)
        image, taken = canvas.copy(), [NOWHERE]
        fill, edge = colour(self.fill), colour(self.edge)
        texts = [target, *(_outlined(other, self.em * side, face, side) for other in others)]
        for number, (letters, ways) in enumerate(zip(texts, shares, strict=True)):
            spot = _free(letters.ink.size, ways, taken, side)
            if spot is None:
                continue
            taken.append((*spot, spot[0] + letters.ink.width, spot[1] + letters.ink.height))
            if number or ink:
                pour(image, stamp(letters, fill, edge), spot)
        written = target if ink else None
        shown = len(taken) - 2
        return finished(canvas, image, word, written, joined(*taken), face.family, others=shown)


_TRIES = 6
"""How many places are tried for a word before it is left out."""


def _outlined(text: str, em: float, face: Face, side: int) -> Lettering:
    stroke = max(round(0.06 * em), 1)
    return set_lines(face, (text,), em, (round(0.9 * side), round(0.5 * side)), stroke=stroke)


def _free(
    size: tuple[int, int], ways: list[list[float]], taken: list[Box], side: int
) -> tuple[int, int] | None:
    """The first of some places, as shares of the free way, where nothing stands yet."""
    for across, down in ways:
        x, y = round(across * (side - size[0])), round(down * (side - size[1]))
        apart = (
            x >= right or x + size[0] <= left or y >= bottom or y + size[1] <= top
            for left, top, right, bottom in taken
        )
        if all(apart):
            return x, y
    return None
