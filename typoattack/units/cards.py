"""Words and colour words as pictures: what is shown to units to learn what they read.

A word card is a label with the word on a plain ground, drawn as `printed-label` draws it; its
blank is the same label at the same place without the letters. A colour card is a colour's name
in another colour's ink (Stroop 1935).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.canvas import CANVAS
from typoattack.drawing.colours import BASIC
from typoattack.drawing.fonts import can_draw, tidy
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.overlays import PlainOverlay

FONTS = ("roboto", "tinos", "courier-prime", "libre-baskerville")
"""Families as unlike each other as print gets; each word is drawn in each."""

LABEL = PrintedLabel(size=0.7, place="random")
"""How a word card is drawn, but for the font."""

_GROUND = (190, 190, 190)
"""What colour cards are printed on: light enough for black, dark enough for white."""


@dataclass(frozen=True, slots=True)
class WordCards:
    """Every word in several fonts, each at a place and on a ground of its own.

    Cards are in the order of words, a word's in the order of fonts.

    Attributes:
        words: what is written, no word twice.
        fonts: one card of each word in each.
        seed: keys places and grounds; a word's card does not depend on the other words.
        canvas: side in pixels.
        label: how the word is drawn, but for the font.
    """

    words: tuple[str, ...]
    fonts: tuple[str, ...] = FONTS
    seed: int = 0
    canvas: int = CANVAS
    label: PrintedLabel = LABEL

    def __post_init__(self) -> None:
        if not self.words:
            raise UserError("no words to show; give a file with one word a line")
        for word in self.words:
            lacking = [font for font in self.fonts if not can_draw(font, tidy(word), bold=True)]
            if lacking:
                # Drawing it says which character is missing.
                self.draw(word, lacking[0])

    def __len__(self) -> int:
        return len(self.words) * len(self.fonts)

    @property
    def word_of(self) -> NDArray[np.int64]:
        """(n,): the index of each card's word."""
        return np.repeat(np.arange(len(self.words)), len(self.fonts))

    @property
    def font_of(self) -> NDArray[np.int64]:
        """(n,): the index of each card's font."""
        return np.tile(np.arange(len(self.fonts)), len(self.words))

    def draw(self, word: str, font: str, *, ink: bool = True) -> Image.Image:
        """One card, or its blank.

        Raises:
            UserError: if the font lacks one of the word's letters.
        """
        rng = stream(self.seed, "word card", word, font)
        grey = rng.integers(60, 200)
        tint = np.clip(grey + rng.integers(-40, 41, 3), 0, 255)
        ground = Image.new("RGB", (self.canvas, self.canvas), tuple(int(c) for c in tint))
        return replace(self.label, font=font)(ground, word, rng, ink=ink).image

    def images(self, *, ink: bool = True) -> Iterator[Image.Image]:
        """All cards, or all their blanks, one after the other."""
        return (self.draw(word, font, ink=ink) for word in self.words for font in self.fonts)


@dataclass(frozen=True, slots=True)
class ColourCards:
    """Each basic colour's name in each basic colour's ink, in several fonts.

    Attributes:
        fonts: one card of each name and ink in each.
        canvas: side in pixels.
    """

    fonts: tuple[str, ...] = FONTS[:2]
    canvas: int = CANVAS

    @property
    def colours(self) -> tuple[str, ...]:
        """The 11 basic colour terms."""
        return tuple(BASIC)

    def _indices(self) -> NDArray[np.int64]:
        shape = (len(self.fonts), len(BASIC), len(BASIC))
        return np.indices(shape, dtype=np.int64).reshape(3, -1)

    def __len__(self) -> int:
        return len(self.fonts) * len(BASIC) ** 2

    @property
    def word_of(self) -> NDArray[np.int64]:
        """(n,): which colour's name is written on each card."""
        return np.asarray(self._indices()[1])

    @property
    def ink_of(self) -> NDArray[np.int64]:
        """(n,): which colour it is written in."""
        return np.asarray(self._indices()[2])

    def images(self) -> Iterator[Image.Image]:
        """All cards, one after the other."""
        return (self.draw(row) for row in range(len(self)))

    def draw(self, row: int) -> Image.Image:
        """One card."""
        font, word, ink = (int(index) for index in self._indices()[:, row])
        overlay = PlainOverlay(
            size=0.85,
            font=self.fonts[font],
            fill=self.colours[ink],
            outline=0.0,
            place="centre",
        )
        ground = Image.new("RGB", (self.canvas, self.canvas), _GROUND)
        return overlay(ground, self.colours[word], stream("colour card", font, word, ink)).image

    def called(self, row: int) -> str:
        """What people call a card: `red in blue`."""
        return f"{self.colours[self.word_of[row]]} in {self.colours[self.ink_of[row]]}"


def vocabulary(named: Sequence[str], others: Sequence[str], size: int, seed: int = 0) -> list[str]:
    """The words to show: `named` and the colour terms, then others by lot up to `size` words.

    Args:
        named: what must be in it, such as the classes that have photographs.
        others: what may fill it up, such as the task's other classes.
        size: how many words, unless those that must be in it are more.
        seed: keys the lot.
    """
    chosen = list(dict.fromkeys(map(tidy, [*named, *BASIC])))
    order = stream(seed, "vocabulary").permutation(len(others))
    rest = dict.fromkeys(tidy(others[i]) for i in order)
    chosen += [word for word in rest if word not in chosen][: max(size - len(chosen), 0)]
    return chosen


def read_words(text: str, where: str) -> list[str]:
    """The words of a file's text, one a line, each once, in order.

    Raises:
        UserError: if there is none.
    """
    words = list(dict.fromkeys(tidy(line) for line in text.splitlines() if line.strip()))
    if not words:
        raise UserError(f"{where}: no words in it; write one a line")
    return words
