"""Printed letters: a text set in a font, as a mask that any colour can be poured through."""

import functools
import math
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from typoattack.drawing.fonts import Face
from typoattack.drawing.lines import fit, metrics, width

LEAST_EM = 6
"""Letters smaller than this many pixels are drawn at this size and scaled down."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """A text turned into pixels.

    Attributes:
        ink: `L` mask, 255 where ink is full.
        outline: `L` mask of the same size that encloses the ink; None without an outline.
        em: the font size really used, in pixels.
        written: the text, lines joined by a space.
    """

    ink: Image.Image = field(repr=False)
    outline: Image.Image | None = field(repr=False)
    em: float
    written: str


@functools.lru_cache(maxsize=512)
def printed(
    text: str, face: Face, room: tuple[int, int], *, outline: float = 0.0, em: float = 0.0
) -> Lettering:
    """`text` in print, as large as `room` allows.

    The text wraps at spaces where that gives larger letters, then shrinks until it fits; the
    mask is no larger than the room, tight around the lines, which are centred.

    Args:
        text: tidy text, see `fonts.tidy`.
        face: covers the text.
        room: width and height in pixels.
        outline: width of the outline in ems; 0 for none.
        em: the largest font size in pixels; 0 for no limit but the room.
    """
    lines, most = fit(face, text, room)
    wide = max(max(width(face, line) for line in lines), 1e-6)
    most = min(most, room[0] / (wide + 2 * outline), em or math.inf)
    size = max(int(most), LEAST_EM)
    stroke = max(round(outline * size), 1) if outline else 0
    ink, edge = _set(face, lines, size, stroke)
    scale = min(1.0, room[0] / ink.width, room[1] / ink.height, most / LEAST_EM)
    if scale < 1:
        smaller = (max(int(ink.width * scale), 1), max(int(ink.height * scale), 1))
        ink = ink.resize(smaller, Image.Resampling.BOX)
        edge = edge and edge.resize(smaller, Image.Resampling.BOX)
    return Lettering(ink, edge, size * scale, " ".join(lines))


def _set(
    face: Face, lines: tuple[str, ...], size: int, stroke: int
) -> tuple[Image.Image, Image.Image | None]:
    """Lines of text at `size` pixels and their outline, centred, on tight masks."""
    font, measure = face.at(size), metrics(face, " ".join(lines))
    wide = math.ceil(max(font.getlength(line) for line in lines)) + 2 * stroke
    tall = math.ceil((measure.top + measure.bottom + measure.pitch * (len(lines) - 1)) * size)
    masks = []
    for width_of_stroke in (0, stroke) if stroke else (0,):
        mask = Image.new("L", (max(wide, 1), tall + 2 * stroke))
        draw = ImageDraw.Draw(mask)
        for number, line in enumerate(lines):
            x = (wide - round(font.getlength(line))) // 2
            y = stroke + round((measure.top + measure.pitch * number) * size)
            draw.text((x, y), line, 255, font, anchor="ls", stroke_width=width_of_stroke)
        masks.append(mask)
    return masks[0], masks[1] if stroke else None
