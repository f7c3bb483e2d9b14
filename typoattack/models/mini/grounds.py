"""Grounds: what training windows are drawn on, and pictures that hold no letter."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

from typoattack.core.randomness import Rng

HEIGHT, WIDTH = 96, 192
"""Of a training window, in pixels."""
SCALE = 2
"""Masks are drawn at so many times a window's size."""

Floats = npt.NDArray[np.float32]
Colour = npt.NDArray[np.float32]


def ground(photos: Sequence[npt.NDArray[np.uint8]], rng: Rng) -> Floats:
    """(96, 192, 3) in 0 to 1: a piece of a photograph, a flat or shaded ground, or a texture."""
    kind = rng.random()
    if kind < 0.6:
        return _photo_piece(photos[int(rng.integers(len(photos)))], rng)
    colour = rng.random(3).astype(np.float32)
    if kind < 0.7:
        colour = np.full(3, rng.choice([0.0, 1.0, rng.random()]), np.float32)
    flat: Floats = np.broadcast_to(colour, (HEIGHT, WIDTH, 3))
    if kind < 0.82:
        shaded: Floats = flat * smooth_noise(rng, 2, rng.uniform(0.6, 1.0), 1.0)[:, :, None]
        return shaded
    if kind < 0.92:
        grain = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
        sigma = rng.uniform(0.6, 5, size=2)
        rough = ndimage.gaussian_filter(grain, sigma)
        rough *= rng.uniform(0.03, 0.25) / (rough.std() + 1e-6)
        grainy: Floats = np.clip(flat + rough[:, :, None], 0, 1)
        return grainy
    return _stripes(flat, rng)


def _stripes(flat: Floats, rng: Rng) -> Floats:
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    turn, wave = rng.uniform(0, math.pi), rng.uniform(4, 40)
    along = (x * math.cos(turn) + y * math.sin(turn)) / wave
    wobble = smooth_noise(rng, 3, 0, rng.uniform(0, 2))
    bands = np.sin(2 * math.pi * (along + wobble)).astype(np.float32)
    if rng.random() < 0.5:
        bands = np.sign(bands)
    other = rng.random(3).astype(np.float32)
    return mix(flat, other, (bands * np.float32(0.5) + np.float32(0.5)) * rng.uniform(0.2, 1.0))


def _photo_piece(photo: npt.NDArray[np.uint8], rng: Rng) -> Floats:
    """A random piece at a random scale, mirrored and recoloured now and then."""
    high, wide = photo.shape[:2]
    most = min(high / HEIGHT, wide / WIDTH)
    scale = math.exp(rng.uniform(math.log(0.4), math.log(max(most, 0.41))))
    height, width = int(HEIGHT * scale), int(WIDTH * scale)
    top, left = rng.integers(high - height + 1), rng.integers(wide - width + 1)
    piece = Image.fromarray(photo[top : top + height, left : left + width])
    resample = Image.Resampling.BILINEAR
    pixels = np.asarray(piece.resize((WIDTH, HEIGHT), resample), np.float32) / np.float32(255)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if rng.random() < 0.3:
        pixels = pixels[:, :, rng.permutation(3)]
    if rng.random() < 0.2:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def scribbled(picture: Floats, rng: Rng) -> Floats:
    """Blank surfaces, lines, arcs and blots, alone or in rows like fences and blinds."""
    ink = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE), 0)
    draw = ImageDraw.Draw(ink)
    step = rng.uniform(14, 60)
    rows = rng.random() < 0.4
    for i in range(int(rng.integers(1, 25))):
        x, y = rng.uniform(0, WIDTH * SCALE), rng.uniform(0, HEIGHT * SCALE)
        if rows:
            x, y = i * step, HEIGHT * SCALE / 2
        width, length = int(rng.integers(1, 12)), rng.uniform(10, 150)
        kind = rng.random()
        if rows or kind < 0.4:
            turn = rng.uniform(0, math.pi) if not rows else math.pi / 2 + rng.normal(0, 0.05)
            dx, dy = length * math.cos(turn), length * math.sin(turn)
            draw.line([x - dx, y - dy, x + dx, y + dy], fill=255, width=width)
        elif kind < 0.7:
            wide = length * rng.uniform(0.5, 2)
            start, end = rng.uniform(0, 360, size=2).tolist()
            draw.arc([x, y, x + wide, y + length], start, end, 255, width)
        elif kind < 0.85:
            draw.ellipse([x, y, x + length, y + length * rng.uniform(0.5, 2)], outline=255, width=3)
        else:
            draw.rectangle([x, y, x + length, y + length], fill=255)
    mask = small(ink)
    return mix(picture, contrasting(mean_under(picture, mask), rng), mask)


def mix(picture: Floats, colour: Floats, mask: Floats) -> Floats:
    """`picture` with `colour` where the (96, 192) mask is 1."""
    cover = mask[:, :, None]
    mixed: Floats = picture * (1 - cover) + colour * cover
    return mixed


def small(mask: Image.Image) -> Floats:
    """A mask at twice the window's size to (96, 192) in 0 to 1."""
    reduced: Floats = np.asarray(mask.reduce(SCALE), dtype=np.float32) / np.float32(255)
    return reduced


def mean_under(picture: Floats, mask: Floats) -> Colour:
    """The (3,) mean colour of `picture` where the mask lies."""
    weight = mask + np.float32(1e-4)
    mean: Colour = (picture * weight[:, :, None]).sum((0, 1)) / weight.sum()
    return mean


def contrasting(behind: Colour, rng: Rng) -> Colour:
    """An ink that can be told from `behind`: mostly black, white or dark blue, else any colour."""
    least = rng.uniform(0.25, 0.6)
    for _ in range(20):
        kind = rng.random()
        if kind < 0.35:
            made = np.full(3, rng.uniform(0, 0.2))
        elif kind < 0.55:
            made = np.full(3, rng.uniform(0.85, 1.0))
        elif kind < 0.7:
            made = np.array([rng.uniform(0, 0.25), rng.uniform(0, 0.3), rng.uniform(0.3, 0.8)])
        else:
            made = rng.random(3)
        if np.abs(made - behind).max() > least:
            return made.astype(np.float32)
    return np.float32(0) * behind if behind.mean() > 0.5 else np.ones(3, np.float32)


def smooth_noise(rng: Rng, cells: int, low: float, high: float) -> Floats:
    """(96, 192) that varies slowly between about `low` and `high`."""
    coarse = rng.random((cells, cells * 2)).astype(np.float32)
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    made: Floats = low + (high - low) * np.clip(np.asarray(image), 0, 1)
    return made
