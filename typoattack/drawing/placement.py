"""Where a thing goes on the canvas."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from typoattack.core.call import literal
from typoattack.core.randomness import Rng

ANCHORS = (
    *("centre", "top", "bottom", "left", "right"),
    *("top-left", "top-right", "bottom-left", "bottom-right"),
)
"""Places that need no chance."""

_BY_LOT = ("random", "avoid-centre")

_SPOT = re.compile(r"(0|1|0?\.\d+|[01]\.\d+),(0|1|0?\.\d+|[01]\.\d+)")


def _place(where: str) -> str:
    if where not in (*_BY_LOT, *ANCHORS) and spot_of(where) is None:
        raise ValueError(f"a place is {_VALUES}")
    return where


_VALUES = (
    f"{', '.join(map(literal, (*_BY_LOT, *ANCHORS)))}, or two shares of the way from the left and "
    'from the top edge, such as "0.2,0.75"'
)

Place = Annotated[str, AfterValidator(_place), Field(description=_VALUES)]
"""A named anchor, a spot such as `0.2,0.75`, `random`, or `avoid-centre`: beside what the
photograph most likely shows."""


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


def place(where: Place, size: tuple[float, float], side: int, rng: Rng) -> tuple[float, float]:
    """The top left corner, in pixels, of a thing of `size` = (width, height) on the canvas.

    A thing larger than the canvas is centred. The same amount of numbers is drawn from `rng`
    whatever `where` is.

    Args:
        where: a `Place`.
        size: width and height in pixels, rotation included.
        side: the canvas's side in pixels.
        rng: used by `random` and `avoid-centre`.
    """
    shares = rng.random((_TRIES, 2)).tolist()
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
