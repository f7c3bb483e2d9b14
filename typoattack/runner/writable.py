"""Whether every word that a suite may write can be drawn, asked before the first photograph is."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.fonts import fonts_with
from typoattack.recipes.base import Recipe
from typoattack.suite import Suite
from typoattack.words import parse_words, possible_words

_SHOWN = 5
_CANVAS = Image.new("RGB", (96, 96), (128, 128, 128))


def check_words(suite: Suite, class_names: Sequence[str]) -> None:
    """Refuse a suite some word of which a recipe's fonts lack.

    A word of plain ASCII can be drawn by every font. Of the others each recipe draws on an empty
    canvas as many as it takes to see all their characters in the company that they stand in, since
    a word is drawn in one font: characters that the same fonts have are the same company. So
    thousands of names cost little.

    Args:
        suite: what is to be drawn.
        class_names: of the data set, which words are chosen from.

    Raises:
        UserError: naming the recipe and the words that it cannot draw.
    """
    sources = {attack.words: possible_words(parse_words(attack.words), class_names)
               for attack in suite.attacks if not attack.given}  # fmt: skip
    rare = {spec: [w for w in dict.fromkeys(words) if not w.isascii()]
            for spec, words in sources.items()}  # fmt: skip
    for attack in suite.attacks:
        if attack.given or attack.drawn is None or not rare[attack.words]:
            continue
        if _undrawn(attack.drawn, _covering(rare[attack.words])):
            _refuse(attack.drawn, rare[attack.words])


def _covering(words: Iterable[str]) -> list[str]:
    """Some of the words that hold every character but ASCII, in all company it is found in."""
    seen = set[tuple[str, frozenset[frozenset[Path]]]]()
    chosen = []
    for word in words:
        # Not its script: two fonts of Chinese letters have not the same ones.
        characters = unicodedata.normalize("NFC", word)
        company = frozenset(fonts_with(c) for c in characters if not c.isspace())
        new = {(c, company) for c in characters if not c.isascii()} - seen
        if new:
            chosen.append(word)
            seen |= new
    return chosen


def _undrawn(recipe: Recipe, words: Iterable[str]) -> dict[str, str]:
    """The words that the recipe cannot draw, and why."""
    found = {}
    for word in words:
        try:
            recipe(_CANVAS.copy(), word, stream("can it be drawn", word))
        except UserError as error:
            found[word] = str(error)
    return found


def _refuse(recipe: Recipe, words: Sequence[str]) -> None:
    undrawn = _undrawn(recipe, words)
    if not undrawn:
        return
    first = next(iter(undrawn.values()))
    shown = ", ".join(repr(word[:60]) for word in list(undrawn)[:_SHOWN])
    more = f" and {len(undrawn) - _SHOWN:,} more" if len(undrawn) > _SHOWN else ""
    raise UserError(
        f"recipe {recipe} cannot draw {shown}{more}: {first}; name the classes otherwise with "
        "--class-names, or write other words with --words"
    )
