"""Text as Pillow's own `ImageDraw.text` sets it: for protocols whose authors drew with that.

Widths are those of a font's hinted letters at whole sizes, a text begins at its ascender, and lines
lie an `A`, a spacing and the outline apart.
"""

import functools
import math

from PIL import Image, ImageDraw

from typoattack.drawing.fonts import Face
from typoattack.drawing.glyphs import outlined
from typoattack.drawing.lettering import Lettering


@functools.lru_cache(maxsize=1024)
def extent(face: Face, lines: tuple[str, ...], size: int, spacing: float) -> tuple[float, float]:
    """Width and height in pixels that Pillow's `textsize` gave, up to version 9.

    From the pen's place to the rightmost ink, from the ascender down to the lowest ink; of several
    lines so many times the height of an `A` and the spacing.

    Args:
        face: covers the text.
        lines: what stands on each line.
        size: the font size in pixels.
        spacing: pixels between lines beside their height.
    """
    ends = [_end(face, line, size) for line in lines]
    wide = max(end[0] for end in ends)
    if len(lines) == 1:
        return wide, ends[0][1]
    return wide, len(lines) * (_end(face, "A", size)[1] + spacing) - spacing


@functools.lru_cache(maxsize=4096)
def _end(face: Face, text: str, size: int) -> tuple[float, float]:
    """The right and lower end of a text's ink, from the pen's place and the ascender."""
    return face.at(size).getbbox(text)[2:]


def margin(size: int, stroke: int) -> int:
    """Clear pixels around `set_text`'s mask, left and above of where Pillow's text begins."""
    return stroke + 1 + size // 4


@functools.lru_cache(maxsize=256)
def set_text(
    face: Face, lines: tuple[str, ...], size: int, *, spacing: float = 4, stroke: int = 0
) -> Lettering:
    """Lines of text as Pillow sets them, left-aligned, the outline grown from the letters.

    The mask begins `margin` pixels left of the pen's place and above the first line's ascender;
    the outline is a pixel apart from that of Pillow's stroker at most.

    Args:
        face: covers the text.
        lines: what stands on each line.
        size: the font size in pixels.
        spacing: pixels between lines beside their height.
        stroke: the outline's width in pixels; 0 for none.
    """
    font, clear = face.at(size), margin(size, stroke)
    pitch = _end(face, "A", size)[1] + spacing + 2 * stroke
    ends = [_end(face, line, size) for line in lines]
    wide = max(end[0] for end in ends) + 2 * clear
    tall = pitch * (len(lines) - 1) + max(end[1] for end in ends) + 2 * clear
    mask = Image.new("L", (math.ceil(wide), math.ceil(tall)))
    draw = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        draw.text((clear, clear + round(pitch * number)), line, fill=255, font=font)
    outline = outlined(mask, stroke) if stroke else None
    return Lettering(mask, outline, size, " ".join(lines))
