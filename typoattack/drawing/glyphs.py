"""Single glyphs: rasterised once, kept, and put side by side.

FreeType draws every letter anew each time a text is drawn, which takes most of the time of a
printed recipe; the same letters at the same sizes come back over and over in a run.
"""

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from typoattack.drawing.changes import Bytes
from typoattack.drawing.fonts import Face
from typoattack.drawing.lines import advance, pieces


@functools.lru_cache(maxsize=4096)
def glyph(face: Face, character: str, size: int) -> tuple[Image.Image, int, int]:
    """A glyph as an `L` mask with a clear pixel around, and its corner from the pen's place.

    Callers must not draw on the mask.
    """
    font = face.at(size)
    core, (left, top) = font.getmask2(character, mode="L", anchor="ls")
    if not (core.size[0] and core.size[1]):  # a space
        left, top, right, bottom = (int(v) for v in font.getbbox(character, anchor="ls"))
        return Image.new("L", (right - left + 2, bottom - top + 2)), left - 1, top - 1
    mask = Image.new("L", (core.size[0] + 2, core.size[1] + 2))
    mask.paste(Image.frombytes("L", core.size, bytes(core)), (1, 1))
    return mask, left - 1, top - 1


def draw_line(mask: Image.Image, face: Face, text: str, size: int, pen: tuple[int, int]) -> None:
    """Draw `text` on an `L` mask, in place, its baseline beginning at `pen`."""
    x, y = float(pen[0]), pen[1]
    for i, piece in enumerate(pieces(face, text)):
        letter, left, top = glyph(face, piece, size)
        mask.paste(255, (round(x) + left, y + top), letter)
        x += advance(face, piece if face.shaped else text[i : i + 2]) * size


_FAINT = np.array([round(0.6 * level) for level in range(256)], np.uint8)


def outlined(mask: Image.Image, stroke: int) -> Image.Image:
    """The mask grown by `stroke` pixels, nearly round: what an outline around it covers.

    Growing the finished letters takes a fraction of the time of FreeType's stroker and cannot be
    told from it at the widths used here. The mask must be clear for `stroke` pixels at its edges.
    """
    pixels = np.asarray(mask)
    if stroke == 1:
        diagonal = np.maximum(pixels, _largest(_around(pixels), ((0, 0), (0, 2), (2, 0), (2, 2))))
        return Image.fromarray(np.maximum(_cross(pixels), _FAINT[diagonal]))
    # An octagon: along the axes `stroke` pixels, along the diagonals 0.7 of that.
    for step in range(stroke):
        square = int((step + 1) * 0.414) > int(step * 0.414)
        pixels = _square(pixels) if square else _cross(pixels)
    return Image.fromarray(pixels)


def _around(pixels: Bytes) -> Bytes:
    """The pixels with one more on each side, from the opposite edge."""
    tall, wide = pixels.shape
    made = np.empty((tall + 2, wide + 2), np.uint8)
    made[1:-1, 1:-1] = pixels
    made[0, 1:-1], made[-1, 1:-1] = pixels[-1], pixels[0]
    made[:, 0], made[:, -1] = made[:, -2], made[:, 1]
    return made


def _largest(around: Bytes, places: Sequence[tuple[int, int]]) -> Bytes:
    """Of each pixel the largest value at some places of the 3 × 3 pixels around it."""
    tall, wide = around.shape[0] - 2, around.shape[1] - 2
    views = [around[down : down + tall, across : across + wide] for down, across in places]
    made = np.maximum(views[0], views[1])
    for view in views[2:]:
        np.maximum(made, view, out=made)
    return made


def _cross(pixels: Bytes) -> Bytes:
    return _largest(_around(pixels), ((1, 1), (0, 1), (1, 0), (1, 2), (2, 1)))


def _square(pixels: Bytes) -> Bytes:
    around = _around(pixels)
    rows = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
