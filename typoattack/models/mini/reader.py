"""The reading sense: a small fully convolutional network that finds letters anywhere.

For each cell of 4 x 2 pixels it says which letter has its centre there, and which two letters
meet there (a word's end counts as one). It is trained on windows and run over whole pictures at
several sizes; `read` pools what was found to one row: which letter pairs are present, and how
surely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from typoattack.models.mini.spelling import PAIRS

LETTERS = 26
LETTER_CLASSES = 1 + LETTERS
"""No letter, a to z."""
SIDE_CLASSES = 2 + LETTERS
"""No boundary, a word's end, a to z."""

_CONTRAST_STEP = 4
_CONTRAST_WINDOW = 7
_LEAST_CONTRAST = 0.05


def _conv(
    inputs: int, outputs: int, kernel: int = 3, stride: tuple[int, int] = (1, 1), wide: int = 1
) -> nn.Sequential:
    """Convolution, batch norm, ReLU; `wide` dilates along the line of text."""
    padding = (kernel // 2, kernel // 2 * wide)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation=(1, wide), bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def local_contrast(pixels: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) in 0 to 1, less the mean around each pixel, over the deviation around it.

    Takes light and contrast out of the picture, so that the network need not learn them. The
    surroundings are 28 pixels wide, averaged in steps of 4 because that is many times faster.
    """

    def around(values: torch.Tensor) -> torch.Tensor:
        coarse = F.avg_pool2d(values, _CONTRAST_STEP)
        coarse = F.avg_pool2d(
            coarse, _CONTRAST_WINDOW, 1, _CONTRAST_WINDOW // 2, count_include_pad=False
        )
        return F.interpolate(coarse, size=values.shape[-2:], mode="bilinear")

    centred = pixels - around(pixels)
    spread = around(centred.square().mean(dim=1, keepdim=True))
    return centred / (spread + _LEAST_CONTRAST**2).sqrt()


class ReaderNet(nn.Module):
    """(n, 3, h, w) in 0 to 1 to logits (n, 27 + 28 + 28, h / 4, w / 2): letter, left, right.

    0.43 M parameters. Most of the work is done on cells of 8 x 4 pixels, where four layers see
    about three letters to either side; one step back up gives cells of 4 x 2. Height and width
    are multiples of 8.
    """

    def __init__(self, first: int = 16, fine: int = 48, coarse: int = 96) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, first, 5, (2, 2)), _conv(first, fine, 3, (2, 1)))
        self.fine = _conv(fine, fine)
        self.down = _conv(fine, coarse, 3, (2, 2))
        self.context = nn.ModuleList(_conv(coarse, coarse, wide=wide) for wide in (1, 2, 1, 2))
        self.up = nn.Conv2d(coarse, 4 * fine, 1)
        self.head = nn.Conv2d(fine, LETTER_CLASSES + 2 * SIDE_CLASSES, 1)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        near = self.stem(local_contrast(pixels))
        near = near + self.fine(near)
        far = self.down(near)
        for layer in self.context:
            far = far + layer(far)
        near = F.relu(near + F.pixel_shuffle(self.up(far), 2))
        logits: torch.Tensor = self.head(near)
        return logits


def split_heads(logits: torch.Tensor, dim: int = 1) -> Sequence[torch.Tensor]:
    """The letter, left and right logits, classes along dimension `dim`."""
    return torch.split(logits, [LETTER_CLASSES, SIDE_CLASSES, SIDE_CLASSES], dim=dim)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a picture is read.

    Attributes:
        sizes: sides in pixels at which the whole picture is looked at.
        surely: a pair less probable than this is not read.
        boundary: cells where a boundary is less probable than this are not looked at further.
    """

    sizes: tuple[int, ...] = (256, 128)
    surely: float = 0.5
    boundary: float = 0.4


def read(net: nn.Module, pixels: torch.Tensor, how: Reading) -> torch.Tensor:
    """(n, 3, h, w) in 0 to 1 to (n, 729): how surely each letter pair stands in each picture.

    A pair's sureness is the largest product of its two sides' probabilities over all places and
    sizes, what lies below `how.surely` taken as 0 and the rest spread over 0 to 1.
    """
    found = pixels.new_zeros(len(pixels), PAIRS)
    for size in how.sizes:
        picture = F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
        logits = net(picture.contiguous(memory_format=torch.channels_last))
        found = torch.maximum(found, _surest_pairs(logits, how.boundary))
    return ((found - how.surely) / (1 - how.surely)).clamp(min=0)


def _surest_pairs(logits: torch.Tensor, boundary: float) -> torch.Tensor:
    """(n, 83, h, w) logits to (n, 729) products of both sides, the largest over all cells."""
    cells = logits.float().permute(0, 2, 3, 1).flatten(1, 2)
    left, right = (head.softmax(dim=2) for head in split_heads(cells, dim=2)[1:])
    here = torch.maximum(left[:, :, 0], right[:, :, 0]) < 1 - boundary
    found = cells.new_zeros(len(cells), PAIRS)
    for index, looked_at in enumerate(here):
        before, after = left[index, looked_at, 1:], right[index, looked_at, 1:]
        if len(before):
            found[index] = (before[:, :, None] * after[:, None]).amax(dim=0).flatten()
    found[:, 0] = 0
    return found
