"""Where a thing goes on the canvas."""

import re
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field

from typoattack.core.call import literal
from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.drawing.looked_at import looked_at
from typoattack.drawing.salience import CELLS, salience, within

ANCHORS = (
    *("centre", "top", "bottom", "left", "right"),
    *("top-left", "top-right", "bottom-left", "bottom-right"),
)
"""Places that need no chance."""

_BY_LOT = ("random", "avoid-centre")

_BY_SIGHT = ("object",)
"""Places that depend on the photograph."""

_SPOT = re.compile(r"(0|1|0?\.\d+|[01]\.\d+),(0|1|0?\.\d+|[01]\.\d+)")


def _place(where: str) -> str:
    if where not in _NAMED and spot_of(where) is None:
        raise ValueError(f"a place is {_VALUES}")
    return where


_NAMED = (*_BY_LOT, *_BY_SIGHT, *ANCHORS)

_VALUES = (
    f"{', '.join(map(literal, _NAMED))}, or two shares of the way from the left and from the top "
    'edge, such as "0.2,0.75"'
)

Place = Annotated[str, AfterValidator(_place), Field(description=_VALUES)]
"""A named anchor, a spot such as `0.2,0.75`, `random`, `avoid-centre`: beside what the photograph
most likely shows, or `object`: on what stands out most (`salience`), by no chance."""


def spot_of(where: str) -> tuple[float, float] | None:
    """The shares of the free way across and down that a spot such as `0.2,0.75` names, or None."""
    found = _SPOT.fullmatch(where)
    if found is None:
        return None
    across, down = float(found[1]), float(found[2])
    return (across, down) if across <= 1 and down <= 1 else None


_MARGIN = 0.02
"""Kept clear along the canvas's edges, as a share of its side."""

_TRIES = 12


def place(
    where: Place,
    size: tuple[float, float],
    side: int,
    rng: Rng,
    *,
    photograph: Image.Image | None = None,
) -> tuple[float, float]:
    """The top left corner, in pixels, of a thing of `size` = (width, height) on the canvas.

    A thing larger than the canvas is centred. The same amount of numbers is drawn from `rng`
    whatever `where` is.

    Args:
        where: a `Place`.
        size: width and height in pixels, rotation included.
        side: the canvas's side in pixels.
        rng: used by `random` and `avoid-centre`.
        photograph: the canvas, which `object` looks at.

    Raises:
        UserError: for `object` of a recipe that doesn't pass its photograph on.
    """
    shares = rng.random((_TRIES, 2)).tolist()
    if where == "object":
        if photograph is None:
            raise UserError(_UNSEEN)
        return _on_object(looked_at(photograph), size, side)
    if where == "random":
        return _at(shares[0], size, side)
    if where == "avoid-centre":
        spots = [_at(share, size, side) for share in shares]
        return min(spots, key=lambda spot: _overlap(spot, size, side))
    spot = spot_of(where)
    if spot is not None:
        return _at(spot, size, side)
    across = 0.0 if "left" in where else 1.0 if "right" in where else 0.5
    down = 0.0 if "top" in where else 1.0 if "bottom" in where else 0.5
    return _at((across, down), size, side)


def _at(share: tuple[float, float], size: tuple[float, float], side: int) -> tuple[float, float]:
    """The corner at `share` of the free way from the left and top edge to the other."""
    spots = []
    for part, extent in zip(share, size, strict=True):
        margin = min(_MARGIN * side, max((side - extent) / 2, 0))
        free = side - extent - 2 * margin
        spots.append(margin + part * free if free > 0 else (side - extent) / 2)
    return spots[0], spots[1]


_UNSEEN = (
    'this recipe cannot be placed on the "object": its code asks for a place without showing the '
    "photograph; choose another place, or pass `photograph=canvas` to `place`"
)

_STEPS = 33
"""How many spots across and down a thing on the object may take."""


def _on_object(
    photograph: Image.Image, size: tuple[float, float], side: int
) -> tuple[float, float]:
    """The corner of a thing that covers most of what stands out."""
    spots = [_at((step / (_STEPS - 1),) * 2, size, side) for step in range(_STEPS)]
    cell = side / CELLS
    lefts, tops = (np.array([round(spot[i] / cell) for spot in spots]) for i in (0, 1))
    wide, tall = (max(round(extent / cell), 1) for extent in size)
    held = within(salience(photograph), lefts, tops, (wide, tall))
    # Of equal spots, as where a thing leaves no way, the middle one.
    off = np.abs(np.arange(_STEPS) - _STEPS // 2)
    down, across = min(np.argwhere(held == held.max()).tolist(), key=lambda at: off[at].sum())
    return spots[across][0], spots[down][1]


def _overlap(spot: tuple[float, float], size: tuple[float, float], side: int) -> float:
    """How many pixels of the canvas's middle (half its width and height) would be covered."""
    low, high = 0.25 * side, 0.75 * side
    wide = min(spot[0] + size[0], high) - max(spot[0], low)
    tall = min(spot[1] + size[1], high) - max(spot[1], low)
    return max(wide, 0) * max(tall, 0)


def tiled(rows: int, columns: int, size: tuple[int, int], side: int) -> list[tuple[int, int]]:
    """Corners of `rows` × `columns` things of `size`, spread evenly, each in its own cell."""
    cell = side / columns, side / rows
    return [
        (round((i + 0.5) * cell[0] - size[0] / 2), round((j + 0.5) * cell[1] - size[1] / 2))
        for j in range(rows)
        for i in range(columns)
    ]
