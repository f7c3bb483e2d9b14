"""What happens to the writing after it is drawn: blur, compression, noise.

Each works on the writing alone. The photograph around and behind it stays as it was, so that
clean and attacked pictures still differ in the text only.
"""

import io

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from typoattack.core.randomness import Rng
from typoattack.drawing.geometry import Box
from typoattack.drawing.texture import grain


def grown(box: Box, by: int, size: tuple[int, int]) -> Box:
    """`box` grown by `by` pixels on each side, within a picture of `size`."""
    return (
        max(box[0] - by, 0),
        max(box[1] - by, 0),
        min(box[2] + by, size[0]),
        min(box[3] + by, size[1]),
    )


def blurred(before: Image.Image, after: Image.Image, box: Box, radius: float) -> Box:
    """Blur, in place, what was written on `after` within `box`.

    What differs from `before` counts as one opaque layer, which is blurred with its edges; the
    photograph around it keeps its own sharpness.

    Args:
        before: the canvas.
        after: the attacked picture.
        box: where they differ.
        radius: of the Gaussian, in pixels.

    Returns:
        Where `after` may now differ.
    """
    region = grown(box, round(3 * radius) + 1, after.size)
    soft = ImageFilter.GaussianBlur(radius)
    clean, drawn = before.crop(region), after.crop(region)
    mask = changed(clean, drawn).point(_ANY)
    black = Image.new("RGB", drawn.size)
    layer = Image.composite(drawn, black, mask).filter(soft)
    ground = Image.composite(black, clean, mask.filter(soft))
    after.paste(ImageChops.add(ground, layer), region[:2])
    return region


_ANY = [0] + [255] * 255


def changed(before: Image.Image, after: Image.Image) -> Image.Image:
    """`L`: the largest difference of each pixel's three colours."""
    red, green, blue = ImageChops.difference(before, after).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


_BLOCK = 16
"""JPEG's blocks with its usual halved colour."""


def compressed(after: Image.Image, box: Box, quality: int) -> Box:
    """Pass the part of `after` that holds `box` through JPEG, in place; where that was.

    The part is widened to whole JPEG blocks of the canvas, as if all of it had been saved.
    """
    region = (
        box[0] // _BLOCK * _BLOCK,
        box[1] // _BLOCK * _BLOCK,
        min(-(-box[2] // _BLOCK) * _BLOCK, after.width),
        min(-(-box[3] // _BLOCK) * _BLOCK, after.height),
    )
    after.paste(reread(after.crop(region), quality), region[:2])
    return region


def reread(picture: Image.Image, quality: int) -> Image.Image:
    """An RGB picture saved as JPEG of a quality, 1 to 100, and read back."""
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=quality)
    stored.seek(0)
    with Image.open(stored) as read:
        made: Image.Image = read.convert("RGB")
    return made


def noisy(before: Image.Image, after: Image.Image, box: Box, sigma: float, rng: Rng) -> Box:
    """Add grey noise of `sigma` levels, in place, to the pixels in `box` that were written on."""
    drawn = np.asarray(after.crop(box))
    written = np.asarray(changed(before.crop(box), after.crop(box))) > 0
    noise = grain((box[2] - box[0], box[3] - box[1]), rng) * np.float32(sigma) * written
    mixed = np.clip(drawn + np.rint(noise)[:, :, None], 0, 255).astype(np.uint8)
    after.paste(Image.fromarray(mixed), box[:2])
    return box


def noise_level(photograph: Image.Image) -> float:
    """The standard deviation of a photograph's noise in grey levels.

    After Immerkær, *Fast Noise Variance Estimation*, 1996: the absolute response to a mask that
    ignores smooth shading and straight edges.
    """
    grey = np.asarray(photograph.convert("L"), np.float32)
    if min(grey.shape) < 3:
        return 0.0
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    response = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    # The median rather than the mean: texture, of which a photograph has much, is no noise.
    return float(np.median(np.abs(response)) / 0.6745 / 6)
