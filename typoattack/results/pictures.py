"""A run's pictures, drawn again row by row: what reports and text recognition ask for."""

from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

Row = Mapping[str, Any]
"""One row of the predictions table, by column name."""

Painter = Callable[[Row], Image.Image | None]
"""Draws a row's canvas-sized picture again (clean or attacked), or gives None if it cannot."""


def no_pictures(_: Row) -> None:
    """The painter of a run whose photographs are not at hand."""
