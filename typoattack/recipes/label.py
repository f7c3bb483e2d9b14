"""What most recipes are put together from: a word on a surface, or straight on the photograph."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from typoattack.core.randomness import Rng, stream
from typoattack.drawing.colours import BASIC, INK, PAPER, Colour, colour
from typoattack.drawing.fonts import Face, find_face, tidy
from typoattack.drawing.geometry import (
    Box,
    Quad,
    bounds,
    centre,
    extent,
    joined,
    moved,
    rectangle,
    turned,
)
from typoattack.drawing.handwriting import FONT, Pen, handwritten
from typoattack.drawing.lettering import Lettering, printed
from typoattack.drawing.looked_at import looked_at
from typoattack.drawing.photographed import as_photographed, camera_of
from typoattack.drawing.placement import Place, place
from typoattack.drawing.surfaces import Surface, cast_shadow, lay, lit, room, scene_light, write
from typoattack.recipes.base import NOWHERE, Attacked, attacked

Hand = Literal["printed", "handwritten"]
"""How letters are formed."""

Finish = Literal["photographed", "drawn"]
"""Whether a note has what a camera would have left on it."""

Setting = Callable[[Face, tuple[int, int]], Lettering]
"""Sets letters of a face in a room of so many pixels, width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSurface:
    """A word on a piece of paper that lies on the photograph.

    Attributes:
        surface: the kind of paper.
        size: its width as a share of the canvas.
        aspect: its height over its width.
        paper: its colour.
        ink: the letters' colour.
        place: where it goes.
        hand: printed or handwritten.
        font: a font family, or a style.
        bold: bold where the family has it.
        turn: degrees it is turned, counter-clockwise.
        tilt: the most degrees it is turned more or less than that.
        skew: how far its corners move by chance, as a share of its shorter edge.
        wobble: how irregular handwriting is.
        scene: how much of the scene's light it takes, 0 to 1.
        stacked: one letter a line.
        pen: how long handwritten words are brought onto it; its widths as shares of the
            shorter edge of what may be written on.
        finish: `drawn`, or `photographed`: with the photograph's own blur, noise and JPEG.
        setting: sets other printed letters than the word's own, in a room of so many pixels.
    """

    surface: Surface
    size: float
    aspect: float
    paper: str
    ink: str
    place: Place
    hand: Hand = "printed"
    font: str = "printed"
    bold: bool = True
    turn: float = 0.0
    tilt: float = 0.0
    skew: float = 0.0
    wobble: float = 1.0
    scene: float = 0.0
    stacked: bool = False
    pen: Pen = FONT
    finish: Finish = "drawn"
    setting: Setting | None = None

    def draw(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool) -> Attacked:
        """The attacked picture: geometry first, then the surface, then the letters."""
        text, side = tidy(word), canvas.width
        size = rectangle(self.size, self.size * self.aspect, side)
        angle = self.turn + self.tilt * rng.uniform(-1, 1)
        quad = turned(size, side, angle, rng, skew=self.skew)
        quad = moved(quad, place(self.place, extent(quad), side, rng, photograph=canvas))
        image = canvas.copy()
        paper, pen = self._colours(canvas, quad)
        region, sheet, ground = self._laid(image, quad, paper, rng)
        # Before the letters, that draw as many numbers as they need.
        camera = stream(*rng.integers(1 << 32, size=2).tolist()) if self.photographed else rng
        face = find_face(self.font, text, rng, bold=self.bold)
        letters = self._letters(text, face, _room_in(quad, self.surface, size), rng, angle)
        if ink:
            write(image, letters.ink, centre(quad), pen)
        if self.photographed:
            told = camera_of(looked_at(canvas), bounds(quad))
            fibre = self.surface.fibre
            seen = as_photographed(ground, image, sheet, told, camera, fibre=fibre)
            region = joined(region, seen)
        return finished(canvas, image, word, letters if ink else None, region, face.family)

    def _laid(
        self, image: Image.Image, quad: Quad, paper: Colour, rng: Rng
    ) -> tuple[Box, Box, Image.Image]:
        """Where shadow and surface were drawn on `image`, where the surface, and it without that.

        The shadow lies on the photograph, which has a camera's traces already.
        """
        if not self.photographed:
            box = lay(image, self.surface, quad, paper, rng)
            return box, box, image
        shaded = cast_shadow(image, self.surface, quad) if self.surface.shadow else bounds(quad)
        ground = image.copy()
        box = lay(image, replace(self.surface, shadow=0.0), quad, paper, rng)
        return joined(shaded, box), box, ground

    @property
    def photographed(self) -> bool:
        """Whether it has what a camera leaves."""
        return self.finish == "photographed"

    def _colours(self, canvas: Image.Image, quad: Quad) -> tuple[Colour, Colour]:
        """Paper and ink as they look where they lie: pure on a flat label, real on real paper."""
        tables = (BASIC, PAPER, INK) if self.surface.is_flat else (PAPER, INK, BASIC)
        paper = colour(self.paper, *tables)
        pen = colour(self.ink, *(tables if self.surface.is_flat else (INK, BASIC, PAPER)))
        if not self.scene:
            return paper, pen
        light = scene_light(canvas, quad, self.scene)
        return lit(paper, light), lit(pen, light)

    def _letters(
        self, text: str, face: Face, space: tuple[int, int], rng: Rng, angle: float
    ) -> Lettering:
        """The letters, turned as the surface is."""
        if self.hand == "handwritten":
            short = min(space)
            pen = replace(self.pen, width=self.pen.width * short, most=self.pen.most * short)
            return handwritten(text, face, space, rng, wobble=self.wobble, angle=angle, pen=pen)
        if self.setting is None:
            letters = printed(text, face, space, stacked=self.stacked)
        else:
            letters = self.setting(face, space)
        if angle % 360 == 0:
            return letters
        mask = letters.ink.rotate(angle, Image.Resampling.BILINEAR, expand=True)
        return replace(letters, ink=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPhotograph:
    """A word straight on the photograph, as software draws it.

    Attributes:
        size: width of the box that the word fills, as a share of the canvas.
        aspect: that box's height over its width.
        fill: the letters' colour.
        edge: the outline's colour.
        outline: the outline's width, as a share of the letters' em; 0 for none.
        opacity: 1 hides the photograph behind the letters, less lets it through.
        place: where it goes.
        hand: printed or handwritten; handwriting has no outline.
        font: a font family, or a style.
        bold: bold where the family has it.
        wobble: how irregular handwriting is.
    """

    size: float
    aspect: float
    fill: str
    edge: str
    outline: float
    opacity: float
    place: Place
    hand: Hand = "printed"
    font: str = "printed"
    bold: bool = True
    wobble: float = 1.0

    def draw(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool) -> Attacked:
        """The attacked picture; without ink it is the canvas itself."""
        text, side = tidy(word), canvas.width
        space = rectangle(self.size, self.size * self.aspect, side)
        left, top = place(self.place, space, side, rng, photograph=canvas)
        face = find_face(self.font, text, rng, bold=self.bold)
        if self.hand == "handwritten":
            letters = handwritten(text, face, space, rng, wobble=self.wobble)
        else:
            letters = printed(text, face, space, outline=self.outline)
        image = canvas.copy()
        if not ink:
            return finished(canvas, image, word, None, NOWHERE, face.family)
        x = round(left + (space[0] - letters.ink.width) / 2)
        y = round(top + (space[1] - letters.ink.height) / 2)
        made = stamp(letters, colour(self.fill), colour(self.edge), self.opacity)
        region = pour(image, made, (x, y))
        return finished(canvas, image, word, letters, region, face.family)


Stamp = tuple[Image.Image, Image.Image]
"""Colours, and the `L` mask through which they are laid."""


def stamp(text: Lettering, fill: Colour, edge: Colour, opacity: float = 1.0) -> Stamp:
    """A lettering in its colours, the outline around the letters and not behind them."""
    colours = Image.new("RGB", text.ink.size, edge if text.outline else fill)
    mask = text.ink
    if text.outline:
        colours.paste(fill, mask=text.ink)
        mask = text.outline
    return colours, mask if opacity == 1 else mask.point(_faded(opacity))


def pour(image: Image.Image, made: Stamp, at: tuple[int, int]) -> Box:
    """Lay a stamp on `image`, in place, its top left corner at `at`; where that was."""
    colours, mask = made
    image.paste(colours, at, mask)
    return at[0], at[1], at[0] + mask.width, at[1] + mask.height


@functools.lru_cache(maxsize=64)
def _faded(opacity: float) -> tuple[int, ...]:
    return tuple(round(level * opacity) for level in range(256))


def _room_in(quad: Quad, surface: Surface, size: tuple[int, int]) -> tuple[int, int]:
    """What may be written on of a surface that lies at `quad`, perhaps shrunk to fit."""
    (x0, y0), (x1, y1), *_ = quad
    shrunk = min(math.hypot(x1 - x0, y1 - y0) / size[0], 1.0)
    return room(surface, (max(int(size[0] * shrunk), 1), max(int(size[1] * shrunk), 1)))


def finished(
    canvas: Image.Image,
    image: Image.Image,
    word: str,
    letters: Lettering | None,
    region: Box,
    font: str,
    **facts: str | int | float | bool,
) -> Attacked:
    """The `Attacked` of a recipe that wrote `letters`, None if it left them out."""
    return attacked(
        canvas,
        image,
        word=word,
        written=letters.written if letters else "",
        size=letters.em / canvas.width if letters else 0.0,
        region=region,
        facts={"font": font, **facts},
    )
