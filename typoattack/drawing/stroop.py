"""Stroop cards: a colour word, or none, in the ink of the same or another colour.

After Stroop, *Studies of interference in serial verbal reactions*, 1935. The question is which
colour the ink has; a reader is drawn to the word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from typoattack.drawing.colours import BASIC, Colour
from typoattack.drawing.fonts import families
from typoattack.drawing.lettering import printed

Condition = Literal["congruent", "incongruent", "neutral", "colour-only"]

COLOURS = tuple(BASIC)
"""The 11 basic colour terms: the words, the inks, and the answers."""

NEUTRAL = "XXXX"
"""A string that says nothing."""

GROUNDS: dict[str, Colour] = {
    "light": (240, 240, 238),
    "middle": (150, 150, 152),
    "dark": (36, 36, 38),
}
"""Plain grounds without a colour of their own."""

_APART = 110.0
"""How far ink and ground must lie from each other, as a distance of RGB values."""


def grounds_for(ink: str) -> tuple[str, ...]:
    """The grounds on which an ink of the basic colour `ink` stands out."""
    return tuple(name for name, ground in GROUNDS.items() if _apart(BASIC[ink], ground))


def _apart(one: Colour, other: Colour) -> bool:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) >= _APART**2


@dataclass(frozen=True, slots=True)
class Card:
    """One card.

    Attributes:
        word: what is written; empty for a patch of colour.
        ink: the basic colour it is written in; the right answer.
        font: a family of the font registry.
        ground: one of `GROUNDS`.
    """

    word: str
    ink: str
    font: str
    ground: str

    @property
    def condition(self) -> Condition:
        """How the word bears on the answer."""
        if not self.word:
            return "colour-only"
        if self.word not in BASIC:
            return "neutral"
        return "congruent" if self.word == self.ink else "incongruent"

    @property
    def id(self) -> str:
        """A name that no other card of a deck has: `incongruent/red-in-blue-roboto-light`."""
        return f"{self.condition}/{self.word or 'patch'}-in-{self.ink}-{self.font}-{self.ground}"

    def draw(self, side: int) -> Image.Image:
        """The card as a square RGB picture of `side` pixels."""
        picture = Image.new("RGB", (side, side), GROUNDS[self.ground])
        ink = BASIC[self.ink]
        if not self.word:
            low, high = round(0.25 * side), round(0.75 * side)
            picture.paste(ink, (low, low, high, high))
            return picture
        face = families()[self.font].face(bold=True)
        letters = printed(self.word, face, (round(0.84 * side), round(0.4 * side)))
        at = ((side - letters.ink.width) // 2, (side - letters.ink.height) // 2)
        picture.paste(ink, at, letters.ink)
        return picture


FONTS = ("roboto", "tinos", "courier-prime")


def deck(
    fonts: Sequence[str] = FONTS, colours: Sequence[str] = COLOURS, neutral: str = NEUTRAL
) -> Iterator[Card]:
    """Every word in every ink, a neutral string in every ink, and every ink alone, in each font.

    The ground changes with the font among those on which the ink stands out.
    """
    for turn, font in enumerate(fonts):
        for ink in colours:
            grounds = grounds_for(ink)
            ground = grounds[turn % len(grounds)]
            for word in (*colours, neutral):
                yield Card(word, ink, font, ground)
            yield Card("", ink, font, ground)
