"""Photographs for commands that use a few of them, where a broken one is the user's to replace."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from typoattack.core.errors import BrokenImage, UserError
from typoattack.drawing.canvas import square_canvas
from typoattack.samples import Dataset


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph to draw on.

    Attributes:
        id: keys the random stream, as in a run.
        canvas: square RGB.
        name: the right class; what a control of kind `true` writes.
        load: decodes the whole photograph; None where there is none but the canvas.
    """

    id: str
    canvas: Image.Image
    name: str = ""
    load: Callable[[], Image.Image] | None = None


def photograph(data: Dataset, index: int, canvas: int) -> Photograph:
    """The photograph at a position of a data set, on a canvas of so many pixels a side.

    Raises:
        UserError: if it cannot be decoded.
    """
    sample = data[index]
    try:
        drawn_on = square_canvas(sample.image, canvas)
    except BrokenImage as error:
        raise UserError(f"photograph {sample.id!r} cannot be used: {error}") from None
    return Photograph(sample.id, drawn_on, data.task.class_names[sample.label], sample.load)
