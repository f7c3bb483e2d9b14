"""Plain shapes that a logo may be: filled masks, drawn large and made small."""

import math

from PIL import Image, ImageDraw

Points = tuple[tuple[float, float], ...]
"""Corners in a unit square, from the left and from the top."""

_LARGER = 4
"""Drawn so many times larger, so that edges are smooth."""


def _star(tips: int, inner: float) -> Points:
    turns = [math.pi * n / tips - math.pi / 2 for n in range(2 * tips)]
    radii = [0.5, 0.5 * inner] * tips
    return tuple(
        (0.5 + r * math.cos(turn), 0.5 + r * math.sin(turn))
        for r, turn in zip(radii, turns, strict=True)
    )


def _heart() -> Points:
    found = []
    for n in range(60):
        t = 2 * math.pi * n / 60
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        found.append((0.5 + x / 34, 0.46 - y / 34))
    return tuple(found)


POLYGONS: dict[str, tuple[Points, ...]] = {
    "square": (((0.04, 0.04), (0.96, 0.04), (0.96, 0.96), (0.04, 0.96)),),
    "triangle": (((0.5, 0.04), (0.98, 0.94), (0.02, 0.94)),),
    "diamond": (((0.5, 0), (0.94, 0.5), (0.5, 1), (0.06, 0.5)),),
    "star": (_star(5, 0.4),),
    "burst": (_star(12, 0.72),),
    "heart": (_heart(),),
    "cross": (
        ((0.36, 0.04), (0.64, 0.04), (0.64, 0.96), (0.36, 0.96)),
        ((0.04, 0.36), (0.96, 0.36), (0.96, 0.64), (0.04, 0.64)),
    ),
    "arrow": (
        ((0.02, 0.36), (0.54, 0.36), (0.54, 0.64), (0.02, 0.64)),
        ((0.5, 0.12), (0.98, 0.5), (0.5, 0.88)),
    ),
    "bars": tuple(
        ((x, 0.06), (x + 0.2, 0.06), (x + 0.2, 0.94), (x, 0.94)) for x in (0.06, 0.4, 0.74)
    ),
    "check": (
        (
            *((0.02, 0.55), (0.16, 0.42), (0.38, 0.66)),
            *((0.84, 0.14), (0.98, 0.27), (0.38, 0.92)),
        ),
    ),
}
"""Shapes with corners, each of one or several polygons."""

ROUND: dict[str, float] = {"circle": 0.0, "ring": 0.62, "target": 0.62}
"""Round shapes: how wide the hole is, as a share of the whole."""

SHAPES = (*POLYGONS, *ROUND)
"""The names of all shapes."""


def shape_mask(name: str, side: int, border: int = 0, *, grown: bool = False) -> Image.Image:
    """The shape as an `L` mask of `side` × `side` pixels, 255 inside.

    Args:
        name: one of `SHAPES`.
        side: of the mask.
        border: pixels left free on each side, for an outline.
        grown: fills them: the shape with its outline, as wide everywhere.
    """
    whole = max(side, 1) * _LARGER
    free = border * _LARGER
    large, wider = whole - 2 * free, free if grown else 0
    mask = Image.new("L", (whole, whole))
    pen = ImageDraw.Draw(mask)
    for corners in POLYGONS.get(name, ()):
        points = [(free + x * large, free + y * large) for x, y in corners]
        pen.polygon(points, fill=255)
        if wider:
            pen.line([*points, *points[:2]], fill=255, width=2 * wider, joint="curve")
    if name in ROUND:
        _disc(pen, whole, large * 0.96 + 2 * wider, 255)
        if ROUND[name]:
            _disc(pen, whole, large * ROUND[name] - 2 * wider, 0)
        if name == "target":
            _disc(pen, whole, large * 0.3 + 2 * wider, 255)
    return mask.resize((max(side, 1), max(side, 1)), Image.Resampling.BOX)


def _disc(pen: ImageDraw.ImageDraw, whole: int, across: float, fill: int) -> None:
    low, high = (whole - across) / 2, (whole + across) / 2
    if high > low:
        pen.ellipse((low, low, high, high), fill=fill)
