"""What holds a board up in a scene: posts beneath it, or rods above."""

import numpy as np
from PIL import Image

from typoattack.drawing.colours import Colour
from typoattack.drawing.geometry import Box, Quad, centre, joined
from typoattack.drawing.texture import Field

_STEEL: Colour = (142, 146, 150)

_POST, _ROD = 0.020, 0.008
"""Their widths as shares of the canvas's side."""

_SPOTS = (0.16, 0.84)
"""Where on the board's width they stand."""

_WIDE = 1.25
"""A board wider than its height times this stands on two posts, else on one."""

_REACH = 0.10
"""How far the board's shadow falls down a post, as a share of the board's height."""


def hold(image: Image.Image, quad: Quad, light: tuple[float, float, float]) -> Box:
    """Draw, in place, what holds a board with its corners at `quad`, before the board itself.

    A board in the upper half hangs from two rods that come from above the picture, one in the
    lower half stands on posts that go on below it: either way what it covers of the photograph
    is short, and nothing ends in the air. The board's shadow lies on them where they meet.

    Args:
        image: RGB.
        quad: the board's corners.
        light: the scene's, as of `surfaces.scene_light`.

    Returns:
        Where it was drawn; it may reach over the picture's edge.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    hangs = centre(quad)[1] < image.height / 2
    wide = (_ROD if hangs else _POST) * image.width
    single = abs(x1 - x0) < _WIDE * abs(y3 - y0)
    drawn = []
    for share in (0.5,) if single and not hangs else _SPOTS:
        top = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        bottom = x3 + share * (x2 - x3), y3 + share * (y2 - y3)
        tall = bottom[1] - top[1]
        # What is nearer is thicker: as the board's edge is longer there.
        near = wide * 2 * tall / max(abs(y3 - y0) + abs(y2 - y1), 1e-6)
        middle = (top[0] + bottom[0]) / 2
        ends = (0.0, top[1] + tall / 4) if hangs else (bottom[1] - tall / 4, float(image.height))
        shaded = 0.0 if hangs else _REACH * tall
        drawn.append(_upright(image, middle, max(near, 1.0), ends, bottom[1], shaded, light))
    return joined(*drawn)


def _upright(
    image: Image.Image,
    middle: float,
    wide: float,
    ends: tuple[float, float],
    edge: float,
    shaded: float,
    light: tuple[float, float, float],
) -> Box:
    """One round bar between two heights, lit from the left, in shadow `shaded` below `edge`."""
    left, top = int(middle - wide / 2) - 1, int(ends[0])
    right, bottom = int(middle + wide / 2) + 3, int(ends[1]) + 1
    x = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - middle)
    cover = np.clip(np.float32(wide / 2 + 0.5) - np.abs(x), 0, 1)
    across = np.clip(x / np.float32(wide), -0.5, 0.5)
    round_ = np.float32(1.06) - np.float32(1.5) * (across + np.float32(0.12)) ** 2
    y = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - edge)
    down = 1 - np.float32(0.6) * _fading(y, shaded)
    shade: Field = down[:, None] * round_[None, :]
    colours = np.clip(shade[:, :, None] * np.float32(np.multiply(_STEEL, light)), 0, 255)
    mask = np.broadcast_to(cover * np.float32(255), shade.shape).astype(np.uint8)
    image.paste(Image.fromarray(colours.astype(np.uint8)), (left, top), Image.fromarray(mask))
    return left, top, right, bottom


def _fading(y: Field, reach: float) -> Field:
    """A shadow that is full at `y` = 0 and above and gone, softly, at `reach`."""
    if not reach:
        return np.zeros_like(y)
    rest = np.clip(1 - y / np.float32(reach), 0, 1)
    return np.asarray(rest * rest * (3 - 2 * rest), np.float32)
