"""A hash of what a photograph looks like: near-duplicates have almost the same."""

from PIL import Image

BITS = 64
"""Of a hash, written as 16 hexadecimal digits."""


def likeness(photograph: Image.Image) -> str:
    """The perceptual hash (pHash) of a picture, by the package ImageHash: 16 hexadecimal digits.

    Copies that were resized, compressed or a little brightened differ in few bits, other
    photographs in about half.
    """
    import imagehash  # scipy: only where photographs are drawn on

    return str(imagehash.phash(photograph))
