"""Single glyphs: rasterised once, kept, and put side by side.

FreeType draws every letter anew each time a text is drawn, which takes most of the time of a
printed recipe; the same letters at the same sizes come back over and over in a run.
"""

import functools

from PIL import Image, ImageChops

from typoattack.drawing.fonts import Face
from typoattack.drawing.lines import advance


@functools.lru_cache(maxsize=4096)
def glyph(face: Face, character: str, size: int) -> tuple[Image.Image, int, int]:
    """A glyph as an `L` mask with a clear pixel around, and its corner from the pen's place.

    Callers must not draw on the mask.
    """
    font = face.at(size)
    left, top, right, bottom = (int(v) for v in font.getbbox(character, anchor="ls"))
    core = font.getmask(character, mode="L", anchor="ls")
    mask = Image.new("L", (right - left + 2, bottom - top + 2))
    if core.size[0] and core.size[1]:
        mask.paste(Image.frombytes("L", core.size, bytes(core)), (1, 1))
    return mask, left - 1, top - 1


def draw_line(mask: Image.Image, face: Face, text: str, size: int, pen: tuple[int, int]) -> None:
    """Draw `text` on an `L` mask, in place, its baseline beginning at `pen`."""
    x, y = float(pen[0]), pen[1]
    for i, character in enumerate(text):
        letter, left, top = glyph(face, character, size)
        mask.paste(255, (round(x) + left, y + top), letter)
        x += advance(face, text[i : i + 2]) * size


_FAINT = [round(0.6 * level) for level in range(256)]
_CROSS = ((1, 0), (-1, 0), (0, 1), (0, -1))
_SQUARE = ((1, 1), (-1, 1), (1, -1), (-1, -1))


def outlined(mask: Image.Image, stroke: int) -> Image.Image:
    """The mask grown by `stroke` pixels, nearly round: what an outline around it covers.

    Growing the finished letters takes a fraction of the time of FreeType's stroker and cannot be
    told from it at the widths used here. The mask must be clear for `stroke` pixels at its edges.
    """
    if stroke == 1:
        return ImageChops.lighter(_grown(mask, _CROSS), _grown(mask, _SQUARE).point(_FAINT))
    # An octagon: along the axes `stroke` pixels, along the diagonals 0.7 of that.
    for step in range(stroke):
        square = int((step + 1) * 0.414) > int(step * 0.414)
        mask = _grown(mask, _CROSS + _SQUARE if square else _CROSS)
    return mask


def _grown(mask: Image.Image, ways: tuple[tuple[int, int], ...]) -> Image.Image:
    grown = mask
    for dx, dy in ways:
        grown = ImageChops.lighter(grown, ImageChops.offset(mask, dx, dy))
    return grown
