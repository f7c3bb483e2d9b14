"""Rectangles that lie turned on the canvas, and the maps between them and the page."""

import math

from typoattack.core.randomness import Rng

Point = tuple[float, float]
"""x, y in pixels, y downwards."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom exclusive."""

Quad = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left."""


def rectangle(width: float, height: float, side: int) -> tuple[int, int]:
    """A size in pixels from shares of the canvas's side: at least 4, at most the side."""
    return min(max(round(width * side), 4), side), min(max(round(height * side), 4), side)


def turned(size: tuple[int, int], side: int, angle: float, rng: Rng, *, skew: float = 0.0) -> Quad:
    """A rectangle of `size` turned by `angle` degrees, counter-clockwise, corners moved by chance.

    Its bounding box starts at (0, 0); if that would not fit the canvas, all is made smaller.

    Args:
        size: width and height in pixels.
        side: the canvas's side in pixels.
        angle: degrees.
        rng: moves the corners; eight numbers are drawn whatever `skew` is.
        skew: how far a corner moves at most, as a share of the shorter edge.
    """
    shifts = (rng.uniform(-1, 1, (4, 2)) * skew * min(size)).tolist()
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    half = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    points = []
    for (u, v), (dx, dy) in zip(half, shifts, strict=True):
        x, y = u * size[0] + dx, v * size[1] + dy
        points.append((cos * x + sin * y, -sin * x + cos * y))
    left, top = min(p[0] for p in points), min(p[1] for p in points)
    wide, tall = max(p[0] for p in points) - left, max(p[1] for p in points) - top
    scale = min(1.0, side / wide, side / tall)
    a, b, c, d = ((round((x - left) * scale, 3), round((y - top) * scale, 3)) for x, y in points)
    return a, b, c, d


def extent(quad: Quad) -> tuple[float, float]:
    """Width and height of the box around a quad that starts at (0, 0)."""
    return max(p[0] for p in quad), max(p[1] for p in quad)


def moved(quad: Quad, by: Point) -> Quad:
    """The quad shifted by `by`."""
    a, b, c, d = ((x + by[0], y + by[1]) for x, y in quad)
    return a, b, c, d


def bounds(quad: Quad, pad: int = 0) -> Box:
    """The whole pixels around a quad, and `pad` more on each side."""
    xs, ys = [p[0] for p in quad], [p[1] for p in quad]
    return (
        math.floor(min(xs)) - pad,
        math.floor(min(ys)) - pad,
        math.ceil(max(xs)) + pad,
        math.ceil(max(ys)) + pad,
    )


def centre(quad: Quad) -> Point:
    """The mean of the corners."""
    return sum(p[0] for p in quad) / 4, sum(p[1] for p in quad) / 4


def joined(*boxes: Box) -> Box:
    """The smallest box around all of them."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def area(box: Box) -> int:
    """How many pixels a box holds."""
    return (box[2] - box[0]) * (box[3] - box[1])


def homography(quad: Quad, size: tuple[float, float]) -> tuple[float, ...]:
    """Pillow's eight perspective numbers that take `quad` back to the rectangle of `size`.

    In closed form (Heckbert, *Fundamentals of Texture Mapping*, 1989, section 2.2.3) rather than
    by a linear solver, whose last digits depend on the machine.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    dx1, dy1, dx2, dy2 = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    det = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    # The adjugate inverts the map from the unit square to the corners.
    inverse = (
        (e - f * h, c * h - b, b * f - c * e),
        (f * g - d, a - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    unit = inverse[2][2]
    rows = [[value / unit for value in row] for row in inverse]
    return (
        *(size[0] * value for value in rows[0]),
        *(size[1] * value for value in rows[1]),
        rows[2][0],
        rows[2][1],
    )
