"""Printed letters: a text set in a font, as a mask that any colour can be poured through."""

import functools
import math
from dataclasses import dataclass, field, replace

from PIL import Image

from typoattack.drawing.fonts import Face
from typoattack.drawing.glyphs import draw_line, outlined
from typoattack.drawing.lines import fit, largest_em, metrics, width

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


def printed(
    text: str,
    face: Face,
    room: tuple[int, int],
    *,
    outline: float = 0.0,
    em: float = 0.0,
    stacked: bool = False,
    hyphens: bool = False,
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
        stacked: one letter a line.
        hyphens: it wraps behind hyphens too.
    """
    lines, most = fit(face, text, room, hyphens=hyphens)
    if stacked:
        lines = tuple(text)
        most = largest_em(face, lines, room)
    wide = max(max(width(face, line) for line in lines), 1e-6)
    most = min(most, room[0] / (wide + 2 * outline), em or math.inf)
    stroke = max(round(outline * max(most, LEAST_EM)), 1) if outline else 0
    return replace(set_lines(face, lines, most, room, stroke=stroke), written=text)


@functools.lru_cache(maxsize=256)
def set_lines(
    face: Face,
    lines: tuple[str, ...],
    em: float,
    room: tuple[int, int],
    *,
    stroke: int = 0,
    centred: bool = True,
) -> Lettering:
    """Lines of text at an em of `em` pixels on tight masks, scaled down if `room` is too small.

    Args:
        face: covers the text.
        lines: what stands on each line.
        em: the font size in pixels; the whole part counts.
        room: the most width and height in pixels.
        stroke: the outline's width in pixels; 0 for none.
        centred: lines are centred, else they start at the left.
    """
    size = max(int(em), LEAST_EM)
    masks = [_drawn(face, lines, size, stroke, centred)]
    if stroke:
        masks.append(outlined(masks[0], stroke))
    wide, tall = masks[0].size
    scale = min(1.0, room[0] / wide, room[1] / tall, em / LEAST_EM)
    if scale < 1:
        smaller = (max(int(wide * scale), 1), max(int(tall * scale), 1))
        masks = [mask.resize(smaller, Image.Resampling.BOX) for mask in masks]
    return Lettering(masks[0], masks[1] if stroke else None, size * scale, " ".join(lines))


def _drawn(face: Face, lines: tuple[str, ...], size: int, pad: int, centred: bool) -> Image.Image:
    """The letters on a mask with `pad` clear pixels around."""
    measure = metrics(face, " ".join(lines))
    widths = [width(face, line) * size for line in lines]
    wide = math.ceil(max(widths)) + 2 * pad
    tall = math.ceil((measure.top + measure.bottom + measure.pitch * (len(lines) - 1)) * size)
    mask = Image.new("L", (max(wide, 1), max(tall + 2 * pad, 1)))
    for number, line in enumerate(lines):
        x = round((wide - widths[number]) / 2) if centred else pad
        y = pad + round((measure.top + measure.pitch * number) * size)
        draw_line(mask, face, line, size, (x, y))
    return mask
