"""Contact sheets: a unit a row, the photographs and the words that excite it side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from typoattack.drawing.fonts import families

TILE = 112
_GAP = 6
_TEXT = 230
_INK = (30, 30, 34)
_FAINT = (120, 120, 126)
_PAPER = (255, 255, 255)
_RULE = (225, 225, 229)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One unit.

    Attributes:
        title: what it is called.
        lines: what is said of it, one short line each.
        groups: pictures that belong together, with a caption under each.
    """

    title: str
    lines: tuple[str, ...]
    groups: tuple[tuple[tuple[Image.Image, str], ...], ...] = field(repr=False)


def contact_sheet(heading: str, heads: Sequence[str], rows: Sequence[SheetRow]) -> Image.Image:
    """One picture of all rows under a heading.

    Args:
        heading: the line on top.
        heads: what each group of pictures is.
        rows: each with as many groups as there are heads; short groups leave room.
    """
    most = [max((len(row.groups[i]) for row in rows), default=0) for i in range(len(heads))]
    starts, x = [], _TEXT + 2 * _GAP
    for count in most:
        starts.append(x)
        x += count * (TILE + _GAP) + 3 * _GAP
    tall = TILE + 20
    top = 64
    image = Image.new("RGB", (max(x, 600), top + len(rows) * (tall + 2 * _GAP)), _PAPER)
    draw = ImageDraw.Draw(image)
    _write(draw, (_GAP * 2, 10), heading, 20, bold=True)
    for head, start, count in zip(heads, starts, most, strict=True):
        if not count:  # no row has any of these, so their heading would run into the next
            continue
        _write(draw, (start, 42), head, 13, colour=_FAINT)
    for number, row in enumerate(rows):
        y = top + number * (tall + 2 * _GAP)
        draw.line([(0, y - _GAP), (image.width, y - _GAP)], fill=_RULE)
        _write(draw, (_GAP * 2, y), row.title, 16, bold=True, room=_TEXT)
        for i, line in enumerate(row.lines[:6]):
            _write(draw, (_GAP * 2, y + 24 + 17 * i), line, 12, colour=_FAINT, room=_TEXT)
        for start, group in zip(starts, row.groups, strict=True):
            _tiles(image, draw, (start, y), group)
    return image


def _tiles(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    group: Sequence[tuple[Image.Image, str]],
) -> None:
    for number, (picture, caption) in enumerate(group):
        x = at[0] + number * (TILE + _GAP)
        small = picture.resize((TILE, TILE), Image.Resampling.LANCZOS)
        image.paste(small, (x, at[1]))
        _write(draw, (x, at[1] + TILE + 3), caption, 11, colour=_FAINT, room=TILE)


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    *,
    bold: bool = False,
    colour: tuple[int, int, int] = _INK,
    room: float = math.inf,
) -> None:
    """A line of text, cut with an ellipsis where `room` pixels are too few."""
    face = families()["roboto"].face(bold=bold)
    missing = set(face.missing(text))
    font = face.at(size)
    shown = "".join("?" if c in missing else c for c in text)
    if font.getlength(shown) > room:
        while shown and font.getlength(shown + "…") > room:
            shown = shown[:-1]
        shown += "…"
    draw.text(at, shown, colour, font)
