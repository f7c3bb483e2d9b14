"""What a model's preprocessing does to a picture, measured with pictures made for it."""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, functional

from typoattack.doctor.expected import Expected, Normalisation, Triple
from typoattack.doctor.finding import Finding
from typoattack.models.base import Preprocess

FAILURE = "preprocessing"
"""The check of a preprocessing that fails, of which there is nothing to measure."""

RESIZES = {
    "shortest": "cuts out the middle",
    "squash": "squashes",
    "longest": "adds borders",
}
FILTERS = ("bicubic", "bilinear", "lanczos", "nearest")
_SAME = 0.02
"""Difference of a mean or a standard deviation, each in 0 to 1, below which two are one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What preprocessing was found to do.

    Attributes:
        channels: for each channel of the input, which of red, green, blue it holds.
        mean: by the input's channels.
        std: likewise.
        size: side of the input in pixels.
        plain: whether all pixels of one colour stay of one colour.
    """

    channels: tuple[int, int, int]
    mean: Triple
    std: Triple
    size: int
    plain: bool


def measure(preprocess: Preprocess, side: int = 448) -> Measured:
    """Channel order, mean, standard deviation and size, by pictures of one colour."""
    black, white = (preprocess(_plain(colour, side)) for colour in ((0, 0, 0), (255, 255, 255)))
    pure = [preprocess(_plain(colour, side)) for colour in np.eye(3, dtype=int) * 255]
    middle = [part[:, part.shape[1] // 2, part.shape[2] // 2] for part in (black, white, *pure)]
    low, high, *answers = (values.double().numpy() for values in middle)
    std = 1 / np.maximum(high - low, 1e-9)
    driven = np.abs(np.stack(answers) - low)  # (colour, channel)
    first, second, third = (int(index) for index in driven.argmax(axis=0))
    flat = all(float(part.std(dim=(1, 2)).max()) < 1e-3 for part in (black, white))
    return Measured(
        (first, second, third), _three(-low * std), _three(std), int(black.shape[-1]), flat
    )


def _three(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Triple:
    first, second, third = (float(value) for value in values)
    return first, second, third


def _plain(colour: object, side: int) -> Image.Image:
    red, green, blue = (int(value) for value in np.asarray(colour))
    return Image.new("RGB", (side, side), (red, green, blue))


def findings(preprocess: Preprocess, expected: Expected | None) -> list[Finding]:
    """Channel order, mean and standard deviation, size, resizing and its filter."""
    try:
        found = measure(preprocess)
    except Exception as error:
        return [Finding(FAILURE, "wrong", f"fails on a plain square: {error}")]
    return [
        _channels(found),
        _normalisation(found, expected),
        _size(found, expected),
        *_resizing(preprocess, found, expected),
    ]


def _channels(found: Measured) -> Finding:
    order = "".join("RGB"[index] for index in found.channels)
    if order == "RGB":
        return Finding("channel order", "well", "red, green, blue")
    return Finding(
        "channel order", "wrong", f"the input is {order}; models take RGB, as Pillow opens pictures"
    )


def _normalisation(found: Measured, expected: Expected | None) -> Finding:
    check, said = "mean and std", f"mean {_line(found.mean)}, std {_line(found.std)}"
    if max(found.std) < 0.05 and max(map(abs, found.mean)) < 1:
        return Finding(check, "wrong", f"the input goes from 0 to 255 ({said}); divide it by 255")
    if expected is not None and expected.mean is not None and expected.std is not None:
        right = Normalisation(expected.source, expected.mean, expected.std)
        if not same(found, right):
            wanted = f"mean {_line(right.mean)}, std {_line(right.std)}"
            return Finding(check, "wrong", f"{said}; by {expected.source}: {wanted}")
    usual = expected.usual if expected is not None else Expected("").usual
    known = next((one.name for one in usual if same(found, one)), None)
    if known is None:
        others = ", ".join(one.name for one in usual)
        return Finding(check, "suspect", f"{said}: not {others}, as such models are trained with")
    return Finding(check, "well", f"{said}: {known}")


def same(found: Measured, other: Normalisation) -> bool:
    """Whether measured values are those of a known normalisation."""
    pairs = zip((*found.mean, *found.std), (*other.mean, *other.std), strict=True)
    return all(abs(a - b) < _SAME for a, b in pairs)


def _line(values: Triple) -> str:
    return ", ".join(f"{round(value, 3) + 0.0:.3f}" for value in values)


def _size(found: Measured, expected: Expected | None) -> Finding:
    if expected is None or expected.image_size in (None, found.size):
        return Finding("image size", "well", f"{found.size} pixels")
    return Finding(
        "image size",
        "wrong",
        f"{found.size} pixels; by {expected.source}: {expected.image_size}",
    )


def _resizing(preprocess: Preprocess, found: Measured, expected: Expected | None) -> list[Finding]:
    """What becomes of a picture that is no square, and the filter: whose result is the nearest."""
    probe = _probe(found.size)
    try:
        made = preprocess(probe)
    except Exception as error:
        return [Finding("resize mode", "untold", f"it takes squares only ({error})")]
    if tuple(made.shape) != (3, found.size, found.size):
        return [Finding("resize mode", "untold", "pictures keep their shape in it")]
    raw = made * torch.tensor(found.std)[:, None, None] + torch.tensor(found.mean)[:, None, None]
    raw = raw[[found.channels.index(channel) for channel in range(3)]] if found.plain else raw
    away = {
        (mode, filter_): float((raw - _as(probe, found.size, mode, filter_)).abs().mean())
        for mode, filter_ in itertools.product(RESIZES, FILTERS)
    }
    mode, filter_ = min(away, key=lambda way: away[way])
    if away[mode, filter_] > 0.02:
        return [Finding("resize mode", "untold", "unlike any that open_clip has")]
    return [
        _told("resize mode", mode, expected.resize if expected else None, expected),
        _told("interpolation", filter_, expected.interpolation if expected else None, expected),
    ]


def _told(check: str, found: str, wanted: str | None, expected: Expected | None) -> Finding:
    said = f"{found}: {RESIZES[found]}" if found in RESIZES else found
    if wanted is None or expected is None or wanted not in (*RESIZES, *FILTERS):
        return Finding(check, "untold", f"{said}; nothing says what is right")
    if wanted == found:
        return Finding(check, "well", said)
    return Finding(check, "wrong", f"{said}; by {expected.source}: {wanted}")


def _as(probe: Image.Image, size: int, mode: str, interpolation: str) -> torch.Tensor:
    """The probe as open_clip and `transformers` would prepare it, in 0 to 1."""
    width, height = probe.size
    scale = size / (min(probe.size) if mode == "shortest" else max(probe.size))
    to = [size, size] if mode == "squash" else [round(height * scale), round(width * scale)]
    made = functional.resize(probe, to, InterpolationMode(interpolation))
    tensor: torch.Tensor = functional.to_tensor(functional.center_crop(made, [size, size]))
    return tensor


def _probe(size: int) -> Image.Image:
    """Twice as wide as high, with colours by place and detail by which filters differ."""
    height = size + size // 2 + 1
    across, down = np.meshgrid(np.linspace(0, 1, 2 * height), np.linspace(0, 1, height))
    noise = np.random.default_rng(0).random((height, 2 * height))
    pixels = np.stack([across, down, noise], axis=-1)
    return Image.fromarray((pixels * 255).astype(np.uint8))
