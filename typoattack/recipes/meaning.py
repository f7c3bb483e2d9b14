"""Meaning or spelling? The same thing by another name, and another thing by a name like it.

A model that is fooled by what a word means is fooled by its synonym, whose letters are others; one
that goes by the letters is fooled by its paronym, which means something else.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.drawing.fonts import tidy
from typoattack.recipes.base import Attacked, Recipe, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.variation import Variation, with_font_for
from typoattack.samples.labels import imagenet_class_names, imagenet_synsets


def _written(
    base: Recipe, canvas: Image.Image, word: str, rng: Rng, found: str, *, ink: bool
) -> Attacked:
    """The base recipe with another word, or with its own where there is no other."""
    text = found or tidy(word)
    drawn = with_font_for(base, text)(canvas, text, rng, ink=ink)
    return replace(drawn, word=word, facts={**drawn.facts, "other_word": bool(found)})


@recipe("synonym", source="new here; names of ImageNet's synsets in WordNet, as timm carries them")
class Synonym(Variation):
    """Another name of the same thing: `man-eater` for `great white shark`.

    Of several names the one whose letters differ most. A word of no other name is written as it
    is; the fact `other_word` is false then.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return _written(self.base, canvas, word, rng, synonym_of(tidy(word)), ink=ink)


@recipe("paronym", source="new here; names of ImageNet's synsets in WordNet, as timm carries them")
class Paronym(Variation):
    """The name of another thing that is spelt most like it: `shack` for `shark`.

    Alike is what takes the fewest letters put in, left out or changed, the first in the alphabet of
    equals. A word that no name is like by a third of its letters is written as it is; the fact
    `other_word` is false then.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return _written(self.base, canvas, word, rng, paronym_of(tidy(word)), ink=ink)


@functools.lru_cache(maxsize=4096)
def synonym_of(word: str) -> str:
    """The name of the same thing that is spelt least like `word`; empty if it has no other."""
    own = word.lower()
    others = [name for name in _names().get(own, ()) if name.lower() != own]
    return max(others, key=lambda name: (_apart(own, name.lower()) / len(name), name), default="")


@functools.lru_cache(maxsize=4096)
def paronym_of(word: str) -> str:
    """The name of another thing that is spelt most like `word`; empty if none is like it."""
    own = word.lower()
    same = {name.lower() for name in _names().get(own, ())} | {
        own,
        f"{own}s",
        own.removesuffix("s"),
    }
    most = max(len(own) // 3, 1)
    near = [
        (distance, name)
        for name in _vocabulary()
        if abs(len(name) - len(own)) <= most and name not in same
        if (distance := _apart(own, name)) <= most
    ]
    return min(near)[1] if near else ""


@functools.cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """All names of the thing that a name, in lower case, stands for; ImageNet's 1,000 first."""
    made: dict[str, tuple[str, ...]] = {}
    for names in _things():
        for name in names:
            made.setdefault(name.lower(), names)
    return made


def _things() -> Iterator[tuple[str, ...]]:
    """The English names of each thing; a Latin one is left out."""
    from timm.data.imagenet_info import ImageNetInfo

    classes = dict(zip(imagenet_synsets(), imagenet_class_names(), strict=True))
    for subset in ("imagenet-1k", "imagenet-22k"):
        info = ImageNetInfo(subset)
        for synset in info.label_names():  # type: ignore[no-untyped-call]
            told = info.label_name_to_description(synset, detailed=False)
            names = [name.strip() for name in str(told).split(",")]
            own = classes.get(synset, names[0])
            english = [name for name in names if not name[:1].isupper()]
            yield tuple(dict.fromkeys([own, *english]))


@functools.cache
def _vocabulary() -> tuple[str, ...]:
    """Every English name of one word, in lower case, in the order of the alphabet."""
    return tuple(sorted(name for name in _names() if name.isalpha() and name.isascii()))


def _apart(one: str, other: str) -> int:
    """How many letters must be put in, left out or changed (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, second in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != second))
    return row[-1]
