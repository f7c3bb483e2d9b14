"""Preprocessing in two steps: 8-bit pixels where pictures are drawn, floats where the model is.

8-bit pixels are a quarter as much to carry between processes and to a GPU, and a whole batch is
normalised at once, on the model's own device.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from typoattack.models.base import Preprocess


@dataclass(frozen=True)
class TwoStep:
    """A preprocessing that can stop at 8-bit pixels; called, it goes all the way.

    Attributes:
        shape: a canvas to the RGB picture of the model's size.
        mean: taken from each channel in 0 to 1; empty: nothing is.
        std: what each channel is then divided by.
    """

    shape: Callable[[Image.Image], Image.Image]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def pixels(self, canvas: Image.Image) -> torch.Tensor:
        """A canvas to uint8 (3, s, s)."""
        return torch.from_numpy(np.array(self.shape(canvas))).permute(2, 0, 1)

    def finish(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 (n, 3, s, s) to float32, on the same device."""
        batch = pixels.contiguous().float().div_(255)
        if not self.mean:
            return batch
        mean, std = (_channels(part, batch.device) for part in (self.mean, self.std))
        return batch.sub_(mean).div_(std)

    def __call__(self, canvas: Image.Image) -> torch.Tensor:
        return self.finish(self.pixels(canvas)[None])[0]


@functools.lru_cache(maxsize=64)
def _channels(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    # Kept there: sending them anew would make every batch wait for the one before it.
    return torch.tensor(values, device=device)[:, None, None]


@dataclass(frozen=True)
class Bicubic:
    """A square RGB picture to one of this side, by Pillow's bicubic filter."""

    side: int

    def __call__(self, canvas: Image.Image) -> Image.Image:
        return canvas.resize((self.side, self.side), Image.Resampling.BICUBIC)


def two_step(preprocess: Preprocess) -> Preprocess:
    """The same preprocessing, as `TwoStep` where it is a chain that ends in torchvision's
    `ToTensor` and `Normalize`, as open_clip's do; equal to the last bit."""
    steps: Sequence[object] = getattr(preprocess, "transforms", ())
    if len(steps) < 2:
        return preprocess
    *shaping, to_tensor, normalise = steps
    if not isinstance(to_tensor, transforms.ToTensor) or not isinstance(
        normalise, transforms.Normalize
    ):
        return preprocess
    mean, std = tuple(map(float, normalise.mean)), tuple(map(float, normalise.std))
    if len(mean) != 3 or len(std) != 3:
        return preprocess
    return TwoStep(transforms.Compose(shaping), mean, std)


def drawn_input(preprocess: Preprocess, canvas: Image.Image) -> torch.Tensor:
    """What a drawing process makes of a canvas: pixels if it can stop there, else floats."""
    return preprocess.pixels(canvas) if isinstance(preprocess, TwoStep) else preprocess(canvas)


def model_input(preprocess: Preprocess, drawn: torch.Tensor, device: str) -> torch.Tensor:
    """A batch of `drawn_input` as the model takes it, on `device` if it was still pixels."""
    return preprocess.finish(drawn.to(device)) if isinstance(preprocess, TwoStep) else drawn
