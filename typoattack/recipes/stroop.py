"""A Stroop card as a sticker on a photograph."""

from dataclasses import replace
from typing import ClassVar, Literal

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.fonts import tidy
from typoattack.drawing.placement import Place
from typoattack.drawing.stroop import COLOURS, GROUNDS, grounds_for
from typoattack.drawing.surfaces import LABEL
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.label import OnSurface
from typoattack.recipes.parts import Aspect, Degrees, FontName

Ink = Literal[
    "other",
    "same",
    "black",
    "white",
    "red",
    "green",
    "yellow",
    "blue",
    "brown",
    "purple",
    "pink",
    "orange",
    "grey",
]


@recipe(
    "stroop-sticker",
    source="new here; after Stroop, Studies of interference in serial verbal reactions, 1935",
    words=f"list:{','.join(COLOURS)}",
)
class StroopSticker(Recipe):
    """A colour's name in the ink of another colour, on a label on the photograph.

    Two questions can be asked of it: what is the object, and what colour is the ink. `facts`
    carry the ink's colour and the condition (congruent or incongruent; neutral if the word is no
    colour).

    Attributes:
        ink: a colour; `other` draws any but the word's by lot, `same` takes the word's own.
        size: the label's width as a share of the canvas.
        aspect: its height over its width.
        font: a font family, or a style.
        place: where it goes.
        tilt: the most degrees it is turned either way.
    """

    ink: Ink = "other"
    size: Share = 0.6
    aspect: Aspect = 0.35
    font: FontName = "roboto"
    place: Place = "avoid-centre"
    tilt: Degrees = 0.0

    asks: ClassVar[str] = "ink"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text = tidy(word)
        tint = self._tint(text, int(rng.integers(len(COLOURS) - 1)))
        grounds = grounds_for(tint)
        ground = grounds[int(rng.random() * len(grounds))]
        drawn = OnSurface(
            surface=LABEL,
            size=self.size,
            aspect=self.aspect,
            paper="#{:02x}{:02x}{:02x}".format(*GROUNDS[ground]),
            ink=tint,
            place=self.place,
            font=self.font,
            tilt=self.tilt,
        ).draw(canvas, word, rng, ink=ink)
        known = text in COLOURS
        condition = "neutral" if not known else "congruent" if text == tint else "incongruent"
        return replace(drawn, facts={**drawn.facts, "ink": tint, "condition": condition})

    def _tint(self, word: str, lot: int) -> str:
        """The ink's colour; `lot` chooses among the ten that are not the word's."""
        if self.ink == "same" and word in COLOURS:
            return word
        if self.ink in COLOURS:
            return self.ink
        others = [name for name in COLOURS if name != word]
        return others[lot]
