"""Where a thing goes on the canvas."""

from typing import Annotated, Literal

from pydantic import Field

from typoattack.core.randomness import Rng

Place = Annotated[
    Literal[
        "random",
        "avoid-centre",
        "centre",
        "top",
        "bottom",
        "left",
        "right",
        "top-left",
        "top-right",
        "bottom-left",
        "bottom-right",
    ],
    Field(description="where on the canvas"),
]
"""A named anchor, `random`, or `avoid-centre`: beside what the photograph most likely shows."""

_MARGIN = 0.02
"""Kept clear along the canvas's edges, as a share of its side."""

_TRIES = 12


def place(where: Place, size: tuple[float, float], side: int, rng: Rng) -> tuple[float, float]:
    """The top left corner, in pixels, of a thing of `size` = (width, height) on the canvas.

    A thing larger than the canvas is centred. The same amount of numbers is drawn from `rng`
    whatever `where` is.

    Args:
        where: an anchor's name.
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
