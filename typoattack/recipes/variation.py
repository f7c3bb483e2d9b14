"""Recipes that change another recipe: its word, its picture, or both."""

import copy
from dataclasses import dataclass, replace

from PIL import Image, ImageOps

from typoattack.core.randomness import Rng, stream
from typoattack.drawing.fonts import STYLES, can_draw, families, tidy
from typoattack.drawing.looked_at import looking_at
from typoattack.recipes.base import Attacked, Recipe, attacked


@dataclass(frozen=True, repr=False)
class Variation(Recipe):
    """A recipe made of another, `base`, whose place, surface and words it takes.

    It draws from its base's own random stream, so that the two differ in nothing but what the
    variation changes, and can be compared pair by pair.
    """

    base: Recipe

    def __post_init__(self) -> None:
        super().__post_init__()
        if not type(self).words:
            object.__setattr__(self, "words", self.base.words)

    @property
    def stream_key(self) -> str:
        """That of its base, so that both land on the same place."""
        return self.base.stream_key

    @property
    def bare(self) -> bool:
        """Where its base is."""
        return self.base.bare

    @property
    def before_canvas(self) -> bool:
        """Where its base does."""
        return self.base.before_canvas

    @property
    def saved_as_jpeg(self) -> int:
        """As its base is."""
        return self.base.saved_as_jpeg


@dataclass(frozen=True, repr=False)
class Respelling(Variation):
    """A variation that writes the word another way."""

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        written = self.respell(tidy(word), substream(rng, self.name, word))
        drawn = with_font_for(self.base, written)(canvas, written, rng, ink=ink)
        return replace(drawn, word=word)

    def respell(self, word: str, rng: Rng) -> str:
        """What is written instead of `word`; `rng` is its own and leaves the geometry alone."""
        raise NotImplementedError


def substream(rng: Rng, *key: str | int) -> Rng:
    """A stream that depends on `key` and on where `rng` stands, and takes no number from it."""
    return stream(*key, int(copy.deepcopy(rng).integers(2**62)))


def with_font_for(recipe: Recipe, text: str) -> Recipe:
    """`recipe`, in another font if its own lacks a letter of `text` and some font has them all.

    For texts that the recipe's author could not foresee: another alphabet, a look-alike letter.
    """
    changed: dict[str, object] = {}
    font = getattr(recipe, "font_used", getattr(recipe, "font", None))
    if isinstance(recipe, Variation):
        changed["base"] = with_font_for(recipe.base, text)
    elif isinstance(font, str) and (font in families() or font in STYLES):
        able = (other for other in (font, *STYLES) if can_draw(other, text, bold=True))
        changed["font"] = next(able, font)
        if changed["font"] == font:
            return recipe
    return replace(recipe, **changed)


def mirrored(attack: Recipe, canvas: Image.Image, word: str, rng: Rng, *, ink: bool) -> Attacked:
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
    with looking_at(canvas):
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
