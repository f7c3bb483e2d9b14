"""Controls: the geometry of an attack without its meaning, to tell reading from occlusion."""

import copy
from dataclasses import field, replace
from typing import ClassVar, Literal

from PIL import Image, ImageOps

from typoattack.drawing.fonts import tidy
from typoattack.errors import UserError
from typoattack.randomness import Rng, stream
from typoattack.recipes.base import Attacked, Recipe, attacked, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.words import pseudoword

Kind = Literal["blank", "true", "pseudo", "shuffled", "mirrored"]
"""What a control changes: `blank` leaves the surface and takes the letters away; `true` writes the
right class; `pseudo` a pronounceable non-word of the same shape; `shuffled` the word's letters in
another order; `mirrored` the word seen in a mirror."""


@recipe("control", source="DESIGN.md, invariant 3; the blank note is that of SCAM (2025)")
class Control(Recipe):
    """Another recipe's surface at the same place, its word changed so that reading cannot help.

    It draws from its attack's own random stream, so surface, place and light are the same
    pixels.

    Attributes:
        recipe: the attack whose geometry it takes.
        kind: what is written instead, see `Kind`.
    """

    recipe: Recipe
    kind: Kind = "blank"

    family: ClassVar[str] = "control"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.recipe, Control):
            raise UserError(f"recipe {self.name!r}: {self.recipe} is a control itself")
        # Which word the runner passes depends on what this is the control of.
        source = "true" if self.kind == "true" else self.recipe.words
        object.__setattr__(self, "words", source)

    def __repr__(self) -> str:
        """`control(printed-label, "blank")`: of what, then which kind."""
        return f'{self.name}({self.recipe}, "{self.kind}")' if self.params else self.name

    __str__ = __repr__

    @property
    def stream_key(self) -> str:
        """That of its attack, so that both land on the same place."""
        return self.recipe.stream_key

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        if self.kind == "blank":
            return self.recipe(canvas, word, rng, ink=False)
        if self.kind == "mirrored":
            return _mirrored(self.recipe, canvas, word, rng, ink=ink)
        written = self._instead(word, rng)
        return replace(self.recipe(canvas, written, rng, ink=ink), word=word)

    def _instead(self, word: str, rng: Rng) -> str:
        """The word written, chosen without taking a number from `rng`."""
        own = stream("control", self.kind, word, int(copy.deepcopy(rng).integers(2**62)))
        if self.kind == "pseudo":
            return pseudoword(tidy(word), own)
        if self.kind == "shuffled":
            return shuffled(tidy(word), own)
        return word


def shuffled(word: str, rng: Rng) -> str:
    """The letters of `word` in another order; spaces, and what is no letter, stay in place.

    A word of which every order looks the same (`aa`) comes back as it is.
    """
    places = [i for i, character in enumerate(word) if character.isalpha()]
    letters = [word[i] for i in places]
    for _ in range(8):
        made = list(word)
        for place, other in zip(places, rng.permutation(len(letters)), strict=True):
            made[place] = letters[other]
        if "".join(made) != word:
            return "".join(made)
    return "".join(reversed(word)) if len(set(letters)) > 1 else word


def _mirrored(attack: Recipe, canvas: Image.Image, word: str, rng: Rng, *, ink: bool) -> Attacked:
    """The attack mirrored within its own box, the photograph around and under it as it was.

    Where it will lie is found by drawing it once; there the canvas is mirrored, drawn on again
    and mirrored back, which works for any recipe, whatever it lets show through.
    """
    again = copy.deepcopy(rng)
    drawn = attack(canvas, word, rng, ink=ink)
    if drawn.coverage == 0:
        return drawn
    prepared = canvas.copy()
    prepared.paste(ImageOps.mirror(canvas.crop(drawn.box)), drawn.box)
    second = attack(prepared, word, again, ink=ink)
    image = canvas.copy()
    image.paste(ImageOps.mirror(second.image.crop(drawn.box)), drawn.box)
    return attacked(
        canvas,
        image,
        word=word,
        written=second.written,
        size=second.size,
        region=drawn.box,
        facts=second.facts,
    )


@recipe("blank-label", source="DESIGN.md, invariant 3")
class BlankLabel(Control):
    """The label of `printed-label` without a word: what occlusion alone does."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="blank", init=False)


@recipe("true-label", source="DESIGN.md, invariant 3")
class TrueLabel(Control):
    """The label of `printed-label` with the right class's name on it."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="true", init=False)


@recipe("pseudoword-label", source="DESIGN.md, invariant 3")
class PseudowordLabel(Control):
    """The label of `printed-label` with a pronounceable word that means nothing."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="pseudo", init=False)
