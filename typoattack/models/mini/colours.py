"""The colour sense: which of the 11 basic colours stands on the picture's ground.

So that the Stroop question "which colour is the ink" can be asked. EfficientNet-Lite0's pooled
features do not hold it: rows fitted on 440 cards of coloured words named the ink of 56 % of new
cards. So it is measured in the pixels, and stands in dimensions of its own, where no ImageNet
class has anything.
"""

import re

import torch

from typoattack.drawing.colours import BASIC

COLOURS = tuple(BASIC)
"""The 11 basic colour terms of English (Berlin and Kay 1969)."""

_EVERY = 8
_FRAME = 0.06
_OFF_GROUND = 0.15
_LEAST_SHARE = 0.002
_SPREAD = 0.12
_ASKS_COLOUR = re.compile(
    r"\b(inks?|colou?r(ed|s)?|hue|paint(ed)?|letters?|lettering|text|words?|written|printed)\b",
    re.I,
)
_NO_COLOUR = re.compile(r"\bblack[ -]and[ -]white\b", re.I)
_NAMED = re.compile(rf"\b({'|'.join(BASIC)}|gray)\b", re.I)


def named_colour(text: str) -> str:
    """The colour that `text` asks about: the last basic term in it; empty if there is none.

    `orange` is a fruit unless the sentence speaks of ink, colour, letters and the like; a black
    and white photo is of no colour.
    """
    found = _NAMED.findall(_NO_COLOUR.sub("", text))
    if not found or (found[-1].lower() == "orange" and not _ASKS_COLOUR.search(text)):
        return ""
    return str(found[-1].lower().replace("gray", "grey"))


def ink_colours(pixels: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) in 0 to 1 to (n, 11): the shares of the colours of what is not ground.

    The ground is the median of the picture's frame. Pixels far from it vote for the basic colour
    nearest to them, softly; those between ink and ground, as at the edge of a stroke, do not. A
    picture that is all ground votes with the ground. Rows sum to 1.
    """
    points = pixels[:, :, ::_EVERY, ::_EVERY]
    ground = _frame(points).median(dim=2).values
    points = points.flatten(2)
    away = (points - ground[:, :, None]).norm(dim=1)
    far = torch.quantile(away, 0.995, dim=1, keepdim=True)
    ink = (away > 0.75 * far) & (away > _OFF_GROUND)
    ink |= ink.float().mean(dim=1, keepdim=True) < _LEAST_SHARE
    table = torch.tensor([BASIC[name] for name in COLOURS], device=pixels.device) / 255
    # The squared distance to each colour, less that to black, which no softmax sees.
    distance = table.square().sum(dim=1) - 2 * points.transpose(1, 2) @ table.T
    votes = (-distance / (2 * _SPREAD**2)).softmax(dim=2) * ink[:, :, None]
    shares: torch.Tensor = votes.sum(dim=1) / ink.sum(dim=1, keepdim=True)
    return shares


def _frame(points: torch.Tensor) -> torch.Tensor:
    """(n, 3, m): the pixels along the four edges."""
    wide = max(1, round(points.shape[-1] * _FRAME))
    sides = (
        *(points[:, :, :wide], points[:, :, -wide:]),
        *(points[:, :, wide:-wide, :wide], points[:, :, wide:-wide, -wide:]),
    )
    return torch.cat([side.flatten(2) for side in sides], dim=2)
