"""What words are written on: a printed label, a sticky note, a sheet of paper.

A surface is drawn straight on the canvas from the distances to its four edges: no resampling,
smooth edges, and light that follows its own up and down however it lies.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.changes import Bytes
from typoattack.drawing.colours import Colour
from typoattack.drawing.geometry import Box, Point, Quad, bounds, joined
from typoattack.drawing.texture import AnyField, Field, clouds, grain


@dataclass(frozen=True, slots=True)
class Surface:
    """A kind of paper.

    Attributes:
        slope: how far the light falls off across it, as a share.
        crease: unevenness of its light.
        grain: roughness of its light.
        fibre: unevenness of its light some pixels across, in grey levels, for `photographed`.
        curl: 1 for a note whose lower edge comes off, 0 for a flat sheet.
        shadow: how dark a shadow it throws, 0 to 1.
        lift: how far its lower edge stands off, as a share of its shorter edge.
        bend: how far its upper and lower edges bow, as a share of its shorter edge, either way.
        border: width of a dark line along its edge, in pixels on a canvas of 448.
        margin: what stays clear of ink, as a share of its shorter edge.
    """

    slope: float = 0.0
    crease: float = 0.0
    grain: float = 0.0
    fibre: float = 0.0
    curl: float = 0.0
    shadow: float = 0.0
    lift: float = 0.0
    bend: float = 0.0
    border: float = 0.0
    margin: float = 0.08

    @property
    def is_flat(self) -> bool:
        """Whether one colour fills it."""
        return not (self.slope or self.crease or self.grain or self.curl)


LABEL = Surface(border=1.5, margin=0.10)
"""A printed label: one flat colour within a thin line."""

STICKY_NOTE = Surface(
    slope=0.10, crease=0.015, grain=0.012, curl=1.0, shadow=0.55, lift=0.07, margin=0.08
)
"""A sticky note: lit from a side, glued at the top, curling up at the bottom."""

SHEET = Surface(slope=0.08, crease=0.025, grain=0.014, shadow=0.45, lift=0.03, margin=0.08)
"""A plain sheet of paper, nearly flat, faintly creased."""

SIGN = Surface(slope=0.16, crease=0.01, grain=0.006, shadow=0.35, lift=0.03, margin=0.10)
"""A painted board."""

_FULL = 200
"""The level that stands for full light in the 8-bit light map."""


def room(surface: Surface, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of what may be written on, of a surface of `size` pixels."""
    margin = surface.margin * min(size)
    return max(round(size[0] - 2 * margin), 1), max(round(size[1] - 2 * margin), 1)


def lay(image: Image.Image, surface: Surface, quad: Quad, colour: Colour, rng: Rng) -> Box:
    """Draw `surface` in `colour` on `image`, in place, with its corners at `quad`.

    Returns:
        What was drawn on, shadow included; it may reach over the picture's edge.
    """
    slopes = rng.uniform(-1, 1, 2).tolist()
    bow = rng.uniform(-1, 1) * surface.bend * _short(quad) if surface.bend else 0.0
    box = bounds(quad, 1 + math.ceil(abs(bow)))
    at, size = box[:2], (box[2] - box[0], box[3] - box[1])
    drawn = joined(box, cast_shadow(image, surface, quad)) if surface.shadow else box
    border = surface.border * image.width / 448
    if surface.is_flat and _is_upright(quad):
        _plain(image, quad, colour, border)
        return drawn
    left, top, right, bottom = (_distance(quad, edge, at, size) for edge in (3, 0, 1, 2))
    if bow:
        arc = np.clip(left / np.maximum(left + right, 1), 0, 1)
        arc *= (1 - arc) * np.float32(4 * bow)
        top, bottom = top - arc, bottom + arc
    inside = np.minimum(np.minimum(left, right), np.minimum(top, bottom))
    picture = _colouring(colour, surface, slopes, (left, right, top, bottom), rng)
    if border:
        picture.paste(_LINE, mask=_mask(border + 0.5 - inside))
    image.paste(picture, at, _mask(inside + 0.5))
    return drawn


_LINE: Colour = (60, 60, 60)


def _is_upright(quad: Quad) -> bool:
    (left, top), b, (right, bottom), d = quad
    return b == (right, top) and d == (left, bottom)


def _plain(image: Image.Image, quad: Quad, colour: Colour, border: float) -> None:
    """An upright flat surface: two rectangles."""
    left, top = round(quad[0][0]), round(quad[0][1])
    right, bottom = round(quad[2][0]), round(quad[2][1])
    line = max(round(border), 1) if border and min(right - left, bottom - top) > 8 else 0
    if line:
        image.paste(_LINE, (left, top, right, bottom))
    image.paste(colour, (left + line, top + line, right - line, bottom - line))


def _distance(quad: Quad, edge: int, at: tuple[int, ...], size: tuple[int, int]) -> Field:
    """How far inside an edge each pixel's middle lies, in pixels."""
    (x0, y0), (x1, y1) = quad[edge], quad[(edge + 1) % 4]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
    a, b = (y0 - y1) / length, (x1 - x0) / length
    x = np.arange(size[0], dtype=np.float32) + np.float32(at[0] + 0.5 - x0)
    y = np.arange(size[1], dtype=np.float32) + np.float32(at[1] + 0.5 - y0)
    across, down = np.float32(a) * x, np.float32(b) * y
    distance: Field = down[:, None] + across[None, :]
    return distance


def _mask(coverage: AnyField) -> Image.Image:
    levels = np.clip(coverage, 0, 1)
    levels *= np.float32(255)
    return Image.fromarray(levels.astype(np.uint8))


def _colouring(
    colour: Colour,
    surface: Surface,
    slopes: list[float],
    distances: tuple[Field, Field, Field, Field],
    rng: Rng,
) -> Image.Image:
    """The surface's pixels under its light; distances from left, right, top and bottom."""
    left, right, top, bottom = distances
    size = (left.shape[1], left.shape[0])
    if surface.is_flat:
        return Image.new("RGB", size, colour)
    across, down = left / np.maximum(left + right, 1), top / np.maximum(top + bottom, 1)
    light = (across - np.float32(0.5)) * np.float32(surface.slope * slopes[0])
    light += _down_the_sheet(surface, round(slopes[1], 2))[
        np.clip(down * np.float32(_STEPS), 0, _STEPS - 1).astype(np.intp)
    ]
    light += clouds(size, (5, 5), rng) * np.float32(surface.crease)
    light += grain(size, rng) * np.float32(surface.grain)
    light += 1
    light *= _FULL
    levels = np.clip(light, 0, 255, out=light).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(_ramp(value)[levels]) for value in colour])


_STEPS = 256


@functools.lru_cache(maxsize=512)
def _down_the_sheet(surface: Surface, slope: float) -> Field:
    """Light from the top edge to the bottom: the slope, a glued strip, a bend, a bright lip."""
    y = np.linspace(0, 1, _STEPS, dtype=np.float32)
    glued = -0.03 * np.clip((0.20 - y) / 0.06, 0, 1)
    bend = -0.07 * np.exp(-(((y - 0.82) / 0.13) ** 2))
    lip = 0.05 * np.clip((y - 0.88) / 0.12, 0, 1)
    light = surface.slope * slope * (0.5 - y) + surface.curl * (glued + bend + lip)
    return np.asarray(light, np.float32)


@functools.lru_cache(maxsize=1024)
def _ramp(value: int) -> Bytes:
    """From the light map's levels to one colour channel's."""
    return np.array([min(round(value * level / _FULL), 255) for level in range(256)], np.uint8)


_COARSE = 4
"""Shadows are soft: they are drawn at a quarter of the size."""

_SHADE: Colour = (12, 12, 18)


def _short(quad: Quad) -> float:
    return min(abs(quad[2][0] - quad[0][0]), abs(quad[2][1] - quad[0][1]))


def cast_shadow(image: Image.Image, surface: Surface, quad: Quad) -> Box:
    """Darken, in place, around a surface at `quad`, more below where it lifts; where that was."""
    reach = max(surface.lift * _short(quad), 2.0)
    fallen: list[Point] = []
    for (x, y), fall in zip(quad, (0.2, 0.2, 1.0, 1.0), strict=True):
        fallen.append(((x + 0.5 * reach * fall) / _COARSE, (y + reach * fall) / _COARSE))
    cast: Quad = (fallen[0], fallen[1], fallen[2], fallen[3])
    soft = reach / _COARSE
    box = bounds(cast, int(soft) + 2)
    size = (box[2] - box[0], box[3] - box[1])
    inside = np.minimum.reduce([_distance(cast, edge, box[:2], size) for edge in range(4)])
    dark = np.clip(inside / np.float32(2 * soft) + np.float32(0.5), 0, 1)
    smooth = dark * dark * (3 - 2 * dark) * np.float32(surface.shadow)
    mask = _mask(smooth).resize((size[0] * _COARSE, size[1] * _COARSE), Image.Resampling.BILINEAR)
    at = (box[0] * _COARSE, box[1] * _COARSE)
    image.paste(_SHADE, at, mask)
    return at[0], at[1], at[0] + mask.width, at[1] + mask.height


def write(image: Image.Image, ink: Image.Image, middle: Point, colour: Colour) -> Box:
    """Pour `colour` through the mask `ink`, its middle at `middle`; where that was."""
    x, y = round(middle[0] - ink.width / 2), round(middle[1] - ink.height / 2)
    image.paste(colour, (x, y), ink)
    return x, y, x + ink.width, y + ink.height


def scene_light(canvas: Image.Image, quad: Quad, share: float) -> tuple[float, float, float]:
    """What to multiply a colour by so that it lies in the light of the scene under `quad`.

    Args:
        canvas: the photograph.
        quad: where the surface will lie.
        share: how much of the scene's light it takes, 0 to 1.
    """
    left, top, right, bottom = bounds(quad)
    box = (max(left, 0), max(top, 0), min(right, canvas.width), min(bottom, canvas.height))
    mean = canvas.resize((1, 1), Image.Resampling.BOX, box=box, reducing_gap=1.0).getpixel((0, 0))
    assert isinstance(mean, tuple)
    grey = sum(mean) / 3
    red, green, blue = (
        1 - 0.75 * share * (1 - min((0.7 * grey + 0.3 * value) / 150, 1.0)) for value in mean
    )
    return red, green, blue


def lit(colour: Colour, light: tuple[float, float, float]) -> Colour:
    """`colour` under `light`."""
    red, green, blue = (min(round(c * gain), 255) for c, gain in zip(colour, light, strict=True))
    return red, green, blue
