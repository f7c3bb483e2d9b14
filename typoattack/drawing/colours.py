"""Colours by name: the basic colour terms, inks and papers, each in one table."""

import re
from collections.abc import Mapping

from typoattack.core.errors import UserError

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

BASIC: dict[str, Colour] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (220, 20, 30),
    "green": (0, 140, 40),
    "yellow": (250, 220, 0),
    "blue": (20, 60, 220),
    "brown": (110, 60, 20),
    "purple": (130, 20, 160),
    "pink": (255, 140, 190),
    "orange": (255, 120, 0),
    "grey": (128, 128, 128),
}
"""The 11 basic colour terms of English (Berlin and Kay, *Basic Color Terms*, 1969), values far
apart. The Stroop cards and every recipe's colour names come from here."""

PRIMARY: dict[str, Colour] = {
    "white": (255, 255, 255),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "red": (255, 0, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
}
"""The eight colour names of `azuma2023`, at the values that Pillow and CSS give them."""

INK: dict[str, Colour] = {
    "black": (26, 26, 30),
    "blue": (22, 44, 128),
    "red": (176, 22, 34),
    "green": (14, 98, 52),
}
"""What pens write with: less pure than the basic colours, as on a photograph."""

PAPER: dict[str, Colour] = {
    "white": (244, 242, 236),
    "yellow": (252, 233, 92),
    "pink": (250, 152, 180),
    "orange": (252, 178, 92),
    "green": (184, 224, 110),
    "blue": (140, 200, 236),
    "kraft": (190, 152, 108),
}
"""Papers and sticky notes."""


def colour(name: str, *tables: Mapping[str, Colour]) -> Colour:
    """The colour called `name` in the first of `tables` that has it, or `#rrggbb`.

    Args:
        name: as a user writes it.
        tables: where to look; the basic colour terms if none is given.

    Raises:
        UserError: for a name in none of them; the message lists those that are.
    """
    if re.fullmatch(r"#[0-9a-fA-F]{6}", name):
        value = int(name[1:], 16)
        return value >> 16, value >> 8 & 255, value & 255
    for table in tables or (BASIC,):
        if name in table:
            return table[name]
    known = ", ".join(dict.fromkeys(n for table in tables or (BASIC,) for n in table))
    raise UserError(f"unknown colour {name!r}; use #rrggbb or one of {known}")


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 (none) to 21, as WCAG 2.2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
