"""Types of parameters that several recipes share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from typoattack.core.errors import UserError, unknown
from typoattack.drawing.colours import BASIC, INK, PAPER, colour
from typoattack.drawing.fonts import STYLES, families


def _colour(name: str) -> str:
    try:
        colour(name, BASIC, PAPER, INK)
    except UserError as error:
        raise ValueError(str(error)) from None
    return name


def _font(name: str) -> str:
    if name not in STYLES and name not in families():
        known = [*families(), *STYLES]
        raise ValueError(str(unknown("font", name, known, "see `typoattack list fonts`")))
    return name


ColourName = Annotated[
    str,
    AfterValidator(_colour),
    Field(description=f"a colour: {', '.join(dict.fromkeys([*BASIC, *PAPER, *INK]))}, or #rrggbb"),
]
"""A basic colour term, or `#rrggbb`."""

FontName = Annotated[
    str,
    AfterValidator(_font),
    Field(description="a family of `typoattack list fonts`, printed or handwriting"),
]
"""A family of `typoattack list fonts`, or `printed` or `handwriting` for one of them by lot."""

Aspect = Annotated[float, Field(gt=0, le=4)]
"""A height over a width."""

Outline = Annotated[float, Field(ge=0, le=0.3)]
"""The width of an outline, as a share of the letters' em; 0 for none."""

Degrees = Annotated[float, Field(ge=0, le=45)]
"""The most a surface is turned either way."""

Wobble = Annotated[float, Field(ge=0, le=3)]
"""How irregular handwriting is: 0 the bare font, 1 a usual hand."""
