"""What a camera would have left on a drawn thing: the photograph's own blur, noise and JPEG.

Everything is taken from the photograph by whole numbers (histograms and sums of 8-bit values), so
that it is the same on every machine.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from typoattack.core.randomness import Rng
from typoattack.drawing.finish import blurred, changed, grown, noise_level, reread
from typoattack.drawing.geometry import Box
from typoattack.drawing.texture import blotches, soft_grain

_SHARP, _SOFTER, _LEAST_BLUR = 3.8, 4.2, 0.2
"""Edges of photographs are 2 to 4 pixels wide, of one blurred by 1 pixel about 6, by 2 about 10."""

_MOST_BLUR = 0.01
"""The most blur, as a share of the canvas's side: a smooth scene, such as a sky, has no sharp edge
that would tell how sharp the picture is, and the word is to be read."""

_QUIET, _PAPER_NOISE, _MOST_NOISE = 0.42, 2.0, 1.8
"""A photograph's measured noise from which paper's begins, how it grows, and its most."""

_TINT = 1.0
"""Unevenness of colour, in levels of red against blue: what JPEG keeps of a camera's noise."""

_EVEN = 0.25
"""The least, by lot, of noise and of a paper's unevenness, as a share of its usual one."""

_GRID, _COARSE_GRID = 1.1, 1.6
"""Jumps between JPEG's blocks over those within them: where its grid is intact, where strong."""

_PEAK = 1.05
"""How far jumps at the grid stand above those at any other column of eight: where a small picture
was enlarged, every second or third column jumps as much."""

_QUALITY, _COARSE_QUALITY = 86, 76

_LARGER, _RESAMPLED_QUALITY = 8 / 7, 76
"""How much larger than the canvas a photograph was when it was saved, and JPEG's quality then,
where it was resampled: 512 pixels for the canvas of 448 that runs have."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What a photograph tells of how it was taken.

    Attributes:
        blur: radius of the Gaussian that makes drawn edges as soft as its sharpest, in pixels;
            limited, so that a word can be read.
        noise: the standard deviation of noise on plain paper, in grey levels.
        jpeg: JPEG's quality where its blocks lie as they were saved, 0 where they were resampled,
            as they are taken to be.
    """

    blur: float
    noise: float
    jpeg: int


def camera_of(canvas: Image.Image, box: Box) -> Camera:
    """What `canvas` tells; its noise is that around `box`."""
    grey = canvas.convert("L")
    steps = _steps(grey)
    around = noise_level(canvas.crop(grown(box, 16, canvas.size)))
    return Camera(_softness(grey, steps), _on_paper(around), _quality(steps))


def _on_paper(around: float) -> float:
    return min(max(_PAPER_NOISE * (around - _QUIET), 0.1), _MOST_NOISE)


def _steps(grey: Image.Image) -> Image.Image:
    """How far each pixel lies from the one on its right."""
    wide, tall = grey.size
    return ImageChops.difference(grey.crop((0, 0, wide - 1, tall)), grey.crop((1, 0, wide, tall)))


def _softness(grey: Image.Image, between: Image.Image) -> float:
    if grey.width < 16:
        return 0.0
    levels = np.cumsum(grey.histogram())
    low, high = np.searchsorted(levels, (levels[-1] * 2 // 100, levels[-1] * 98 // 100)).tolist()
    steps = np.cumsum(between.histogram())
    steep = int(np.searchsorted(steps, steps[-1] * 995 // 1000))
    wide = float(high - low) / max(steep, 1)
    radius = (wide - _SHARP) / _SOFTER
    return min(radius, _MOST_BLUR * grey.width) if radius > _LEAST_BLUR else 0.0


def _quality(between: Image.Image) -> int:
    """JPEG's quality by how much more lightness jumps at every eighth column; 0 for none."""
    if between.width < 64:
        return 0
    # A third of the rows tells it as well.
    steps = np.asarray(between)[::3].astype(np.int16)
    jumps = np.maximum(2 * steps[:, 1:-1] - steps[:, :-2] - steps[:, 2:], 0)
    columns = jumps.sum(axis=0, dtype=np.int64)
    blocks = columns[: len(columns) // 8 * 8].reshape(-1, 8).sum(axis=0)
    # A jump between columns 7 and 8 is the step numbered 7, of which the first is left out here.
    at_blocks, within = 7 * int(blocks[6]), int(blocks.sum() - blocks[6])
    highest = max(int(jump) for column, jump in enumerate(blocks) if column != 6)
    if at_blocks <= _GRID * within or int(blocks[6]) <= _PEAK * highest:
        return 0
    return _COARSE_QUALITY if at_blocks > _COARSE_GRID * within else _QUALITY


def as_photographed(
    before: Image.Image,
    image: Image.Image,
    box: Box,
    camera: Camera,
    rng: Rng,
    *,
    fibre: float = 0.0,
) -> Box:
    """Give, in place, what was drawn on `image` within `box` the camera's blur, noise and JPEG.

    The photograph around it stays as it was.

    Args:
        before: the photograph, with the shadow that falls on it.
        image: after.
        box: where they differ; it may reach over the edge.
        camera: see `camera_of`.
        fibre: unevenness of the paper some pixels across, in grey levels.
        rng: gives eight numbers, whatever is drawn.

    Returns:
        Where `image` may now differ.
    """
    box = grown(box, 0, image.size)
    lot = rng.random(8).tolist()
    if camera.blur:
        box = blurred(before, image, box, camera.blur)
    clean, drawn = before.crop(box), image.crop(box)
    written = changed(clean, drawn).point(_ANY)
    noisy, uneven = (_EVEN + 2 * (1 - _EVEN) * share for share in lot[6:])
    noise = soft_grain(drawn.size, lot[:2]) * np.float32(camera.noise * noisy)
    noise += blotches(drawn.size, lot[2:4]) * np.float32(fibre * uneven)
    tint = blotches(drawn.size, lot[4:6]) * np.float32(_TINT)
    mixed = np.asarray(drawn) + np.rint(np.stack([noise + tint, noise, noise - tint], axis=2))
    image.paste(Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8)), box[:2], written)
    whole = _blocks(box, image.size)
    saved = _saved(image.crop(whole), camera.jpeg)
    own = (box[0] - whole[0], box[1] - whole[1], box[2] - whole[0], box[3] - whole[1])
    image.paste(saved.crop(own), box[:2], written)
    return box


def _saved(part: Image.Image, quality: int) -> Image.Image:
    """Saved as JPEG of a quality and read; of 0 saved larger and made smaller, grid and all.

    What JPEG took from the colours' fineness is gone then too, and edges are as soft as what is
    resampled has them.
    """
    if quality:
        return reread(part, quality)
    larger = round(part.width * _LARGER), round(part.height * _LARGER)
    saved = reread(part.resize(larger, Image.Resampling.BICUBIC), _RESAMPLED_QUALITY)
    return saved.resize(part.size, Image.Resampling.BICUBIC)


_ANY = [0] + [255] * 255

_BLOCK = 16


def _blocks(box: Box, size: tuple[int, int]) -> Box:
    """The whole JPEG blocks, of halved colour too, that hold `box`."""
    return (
        box[0] // _BLOCK * _BLOCK,
        box[1] // _BLOCK * _BLOCK,
        min(-(-box[2] // _BLOCK) * _BLOCK, size[0]),
        min(-(-box[3] // _BLOCK) * _BLOCK, size[1]),
    )
