"""Controls: the geometry of an attack without its meaning, to tell reading from occlusion."""

from collections.abc import Sequence
from dataclasses import field, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.drawing.fonts import families, tidy
from typoattack.recipes.base import Attacked, Recipe, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.variation import mirrored, substream
from typoattack.words import pseudoword

Kind = Literal["blank", "true", "pseudo", "shuffled", "mirrored", "word"]
"""What a control changes: `blank` leaves the surface and takes the letters away; `true` writes the
right class; `pseudo` a pronounceable non-word of the word's length and extent, so that its letters
are as large; `shuffled` the word's letters in another order; `mirrored` the word seen in a
mirror; `word` the word alone in letters as large, without an `instruction`'s sentence around it."""

UNREAD = ("blank", "mirrored")
"""The kinds that cover as much as their attack and cannot be read."""


def best_unread(kinds: Sequence[str], coverage: Sequence[float]) -> NDArray[np.int64]:
    """Which of an attack's controls tells reading from covering, as for the reading effect.

    That is `blank` where the attack has a surface, else `mirrored`.

    Args:
        kinds: (n,) of controls.
        coverage: (n,) the share of the picture that each changed; a `blank` without a surface is
            the clean photograph.

    Returns:
        (n,) 0 for what is taken first, 1 for what is taken in its absence, −1 for what is none.
    """
    kind, covers = np.asarray(kinds, object), np.asarray(coverage, np.float64) > 0
    blank, mirror = (kind == name for name in UNREAD)
    return np.select([blank & covers, mirror], [0, 1], -1).astype(np.int64)


@recipe("control", source="new here; blank notes as in Westerhoff et al. 2025")
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
        if self.kind == "word" and self.recipe.word_alone is None:
            raise UserError(
                f"recipe {self.name!r}: {self.recipe} writes no sentence around its word, so there "
                "is no control of kind 'word'"
            )
        # Which word the runner passes depends on what this is the control of.
        source = "true" if self.kind == "true" else self.recipe.words
        object.__setattr__(self, "words", source)

    def __repr__(self) -> str:
        """`control(printed-label, "blank")`: of what, then which kind if that is a choice."""
        if not self.params:
            return self.name
        chosen = [str(self.recipe), f'"{self.kind}"']
        return f"{self.name}({', '.join(chosen if type(self) is Control else chosen[:1])})"

    __str__ = __repr__

    @property
    def bare(self) -> bool:
        """Where its attack is."""
        return self.recipe.bare

    @property
    def before_canvas(self) -> bool:
        """Where its attack does."""
        return self.recipe.before_canvas

    @property
    def saved_as_jpeg(self) -> int:
        """As its attack is."""
        return self.recipe.saved_as_jpeg

    @property
    def stream_key(self) -> str:
        """That of its attack, so that both land on the same place."""
        return self.recipe.stream_key

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        if self.kind == "blank":
            return self.recipe(canvas, word, rng, ink=False)
        if self.kind == "mirrored":
            return mirrored(self.recipe, canvas, word, rng, ink=ink)
        if self.kind == "word" and self.recipe.word_alone is not None:
            return self.recipe.word_alone(canvas, word, rng, ink=ink)
        written = self._instead(word, rng)
        return replace(self.recipe(canvas, written, rng, ink=ink), word=word)

    def _instead(self, word: str, rng: Rng) -> str:
        """The word written, chosen without taking a number from `rng`."""
        own = substream(rng, "control", self.kind, word)
        if self.kind == "pseudo":
            return _as_large(tidy(word), own)
        if self.kind == "shuffled":
            return shuffled(tidy(word), own)
        return word


_CANDIDATES = 48
"""Non-words to choose from: enough that one is within a few percent as wide and tall."""


def _as_large(word: str, rng: Rng) -> str:
    """A pronounceable non-word as wide and tall in print as `word`, so that both fit as large."""
    face = families()["roboto"].face(bold=True).at(100)

    def extent(text: str) -> NDArray[np.float64]:
        left, top, right, bottom = face.getbbox(text)
        return np.log([max(right - left, 1), max(bottom - top, 1)])

    wanted = extent(word)
    candidates = [pseudoword(word, rng) for _ in range(_CANDIDATES)]
    return min(candidates, key=lambda made: float(np.abs(extent(made) - wanted).sum()))


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


@recipe("blank-label", source="new here")
class BlankLabel(Control):
    """The label of `printed-label` without a word: what occlusion alone does."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="blank", init=False)


@recipe("true-label", source="new here")
class TrueLabel(Control):
    """The label of `printed-label` with the right class's name on it."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="true", init=False)


@recipe("pseudoword-label", source="new here")
class PseudowordLabel(Control):
    """The label of `printed-label` with a pronounceable word that means nothing."""

    recipe: Recipe = PrintedLabel()
    kind: Kind = field(default="pseudo", init=False)
