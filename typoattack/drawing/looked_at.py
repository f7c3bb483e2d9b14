"""Which photograph a recipe looks at, where it is not the one that it draws on.

A mirrored control draws on a photograph of which a part is mirrored. What its attack saw there, the
object's place or a camera's traces, must not change with that, lest the control lies elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from PIL import Image

_SHOWN: ContextVar[Image.Image | None] = ContextVar(
    "the photograph that is looked at", default=None
)


@contextmanager
def looking_at(photograph: Image.Image) -> Iterator[None]:
    """Within, recipes look at `photograph` to decide, and draw on what they are given."""
    token = _SHOWN.set(photograph)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def looked_at(canvas: Image.Image) -> Image.Image:
    """What a recipe decides by that is to draw on `canvas`: that, unless another is shown."""
    shown = _SHOWN.get()
    return canvas if shown is None or shown.size != canvas.size else shown
