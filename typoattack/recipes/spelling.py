"""The word written another way: misspelled, in look-alikes, backwards, in a sentence, translated.

Every recipe here is a `Variation`: `leet(handwritten-note)` is the handwritten note, at the same
place, with the word in leet.
"""

import csv
import functools
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from PIL import Image
from pydantic import AfterValidator, Field

from typoattack.core.randomness import Rng
from typoattack.drawing.fonts import tidy
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.variation import Respelling, Variation, mirrored, with_font_for

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@functools.cache
def _neighbours(letter: str) -> str:
    """The keys around a letter on an English keyboard, whose rows are shifted half a key."""
    for y, row in enumerate(_ROWS):
        x = row.find(letter)
        if x >= 0:
            near = [(y, x - 1), (y, x + 1), (y - 1, x), (y - 1, x + 1), (y + 1, x), (y + 1, x - 1)]
            return "".join(
                _ROWS[j][i] for j, i in near if 0 <= j < len(_ROWS) and 0 <= i < len(_ROWS[j])
            )
    return ""


@recipe("misspelled", source="new here")
class Misspelled(Respelling):
    """The word with one or two slips of the keyboard.

    A slip swaps two letters, drops one, doubles one, or hits a neighbouring key.

    Attributes:
        base: the recipe that draws it.
        edits: how many slips.
    """

    base: Recipe = PrintedLabel()
    edits: Annotated[int, Field(ge=1, le=2)] = 1

    def respell(self, word: str, rng: Rng) -> str:
        made = word
        for _ in range(self.edits):
            made = _slip(made, rng)
        return made


def _slip(word: str, rng: Rng) -> str:
    """`word` with one letter wrong; a word without letters comes back as it is."""
    places = [i for i, character in enumerate(word) if character.isalpha()]
    if not places:
        return word
    for _ in range(16):
        at = places[int(rng.integers(len(places)))]
        made = _SLIPS[int(rng.integers(len(_SLIPS)))](word, at, rng)
        if made != word and made.strip():
            return made
    return word + word[-1]


def _swap(word: str, at: int, _: Rng) -> str:
    if at + 1 >= len(word) or not word[at + 1].isalpha():
        return word
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop(word: str, at: int, _: Rng) -> str:
    return word[:at] + word[at + 1 :]


def _double(word: str, at: int, _: Rng) -> str:
    return word[: at + 1] + word[at:]


def _miss(word: str, at: int, rng: Rng) -> str:
    near = _neighbours(word[at].lower())
    if not near:
        return word
    key = near[int(rng.integers(len(near)))]
    return word[:at] + (key.upper() if word[at].isupper() else key) + word[at + 1 :]


_SLIPS = (_swap, _drop, _double, _miss)


def _exchange(word: str, table: dict[str, str], share: float, rng: Rng) -> str:
    """`word` with a share of the letters that `table` knows exchanged, at least one."""
    places = [i for i, character in enumerate(word) if character in table]
    chosen = [i for i in places if rng.random() < share]
    if places and not chosen:
        chosen = [places[int(rng.integers(len(places)))]]
    made = list(word)
    for i in chosen:
        options = table[word[i]]
        made[i] = options[int(rng.integers(len(options)))]
    return "".join(made)


_LEET = {
    letter: digit
    for letters, digit in (
        ("aA", "4"),
        ("eE", "3"),
        ("iI", "1"),
        ("oO", "0"),
        ("sS", "5"),
        ("tT", "7"),
        ("bB", "8"),
        ("gG", "9"),
        ("zZ", "2"),
    )
    for letter in letters
}


@recipe("leet", source="new here")
class Leet(Respelling):
    """The word with digits for letters: p1zz4.

    Attributes:
        base: the recipe that draws it.
        share: how many of the letters that can be are exchanged.
    """

    base: Recipe = PrintedLabel()
    share: Share = 1.0

    def respell(self, word: str, rng: Rng) -> str:
        return _exchange(word, _LEET, self.share, rng)


_LOOK_ALIKES = {
    "a": "аα",
    "b": "ьв",
    "c": "с",
    "d": "ԁδ",
    "e": "еє",
    "h": "һн",
    "i": "іι",
    "k": "кκ",
    "m": "м",
    "n": "пη",
    "o": "оο",
    "p": "рρ",
    "r": "г",
    "s": "ѕ",
    "t": "тτ",
    "u": "υц",
    "v": "ν",
    "w": "ω",
    "x": "хχ",
    "y": "уγ",
    "z": "ζ",
    "A": "АΑ",
    "B": "ВΒ",
    "C": "С",
    "E": "ЕΕ",
    "H": "НΗ",
    "I": "ІΙ",
    "K": "КΚ",
    "M": "МΜ",
    "N": "ИΝ",
    "O": "ОΟ",
    "P": "РΡ",
    "R": "Я",
    "S": "Ѕ",
    "T": "ТΤ",
    "X": "ХΧ",
    "Y": "ΥУ",
    "Z": "Ζ",
}
"""Cyrillic and Greek letters that look like, or nearly like, Latin ones."""


@recipe("homoglyph", source="new here; look-alikes as in Unicode's confusables, and near misses")
class Homoglyph(Respelling):
    """The word in Greek and Cyrillic look-alikes, some exact and some only near.

    Attributes:
        base: the recipe that draws it; if its font lacks the letters, another is taken.
        share: how many of the letters that can be are exchanged.
    """

    base: Recipe = PrintedLabel()
    share: Share = 0.6

    def respell(self, word: str, rng: Rng) -> str:
        return _exchange(word, _LOOK_ALIKES, self.share, rng)


_GAPS = {"space": "\xa0", "hyphen": "-", "dot": ".", "star": "*"}


@recipe("spaced", source="new here")
class Spaced(Respelling):
    """The word with something between its letters: p i z z a, p-i-z-z-a.

    Attributes:
        base: the recipe that draws it.
        gap: what stands between.
    """

    base: Recipe = PrintedLabel()
    gap: Literal["space", "hyphen", "dot", "star"] = "space"

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002 (nothing here is by chance)
        return " ".join(_GAPS[self.gap].join(part) for part in word.split(" "))


@recipe("reversed", source="new here")
class Reversed(Respelling):
    """The word's letters from last to first: azzip.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002
        return word[::-1]


@recipe("upper", source="new here")
class Upper(Respelling):
    """The word in capitals.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002
        return word.upper()


@recipe("lower", source="new here")
class Lower(Respelling):
    """The word in small letters.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002
        return word.lower()


def _has_place(template: str) -> str:
    if template.count("{}") != 1:
        raise ValueError("write {} once, where the word goes")
    return template


Template = Annotated[str, AfterValidator(_has_place), Field(max_length=200)]
"""A sentence with `{}` where the word goes."""


def _filled(template: str, word: str) -> str:
    """The sentence about `word`, with `an` for `a` where English asks for it."""
    if " a {}" in f" {template}" and word[:1].lower() in "aeiou":
        template = f" {template}".replace(" a {}", " an {}").removeprefix(" ")
    return template.replace("{}", word)


_WIDE = PrintedLabel(size=0.8, aspect=0.3)


@recipe("sentence", source="new here")
class Sentence(Respelling):
    """The word in a sentence: this is a pizza.

    Attributes:
        base: the recipe that draws it.
        template: the sentence.
    """

    base: Recipe = _WIDE
    template: Template = "this is a {}"

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002
        return _filled(self.template, word)


@recipe("negated", source="new here")
class Negated(Sentence):
    """The word denied: not a pizza. A reader who understands is not misled.

    Attributes:
        base: the recipe that draws it.
        template: the denial.
    """

    template: Template = "not a {}"


@recipe(
    "symbol",
    source="after Goh et al. 2021: `$$$` drives the finance neuron, and so *piggy bank*",
    words="fixed:piggy bank",
)
class Symbol(Respelling):
    """A text that is not the class's name but may stand for it: `$$$` for *piggy bank*.

    Attributes:
        base: the recipe that draws it.
        text: what is written.
    """

    base: Recipe = PrintedLabel()
    text: Annotated[str, Field(min_length=1, max_length=100)] = "$$$"

    def respell(self, word: str, rng: Rng) -> str:  # noqa: ARG002
        return tidy(self.text)


Language = Literal["de", "fr", "es", "pl", "el", "ru", "ja"]
"""ISO 639-1: German, French, Spanish, Polish, Greek, Russian, Japanese."""


@functools.cache
def translations() -> dict[str, dict[str, str]]:
    """Basic nouns and the 11 colour terms, English to language to word."""
    table = Path(__file__).with_name("translations.csv").read_text("utf-8")
    return {row.pop("english"): row for row in csv.DictReader(table.splitlines())}


@recipe("translated", source="new here; the table is recipes/translations.csv")
class Translated(Variation):
    """The word in another language, where the table has it; else as it is.

    `facts` say whether it was translated, so that a report can leave the others out.

    Attributes:
        base: the recipe that draws it; if its font lacks the script, another is taken.
        language: ISO 639-1: de, fr, es, pl, el, ru or ja.
    """

    base: Recipe = PrintedLabel()
    language: Language = "de"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        known = translations().get(tidy(word))
        written = known[self.language] if known else tidy(word)
        drawn = with_font_for(self.base, written)(canvas, written, rng, ink=ink)
        facts = {**drawn.facts, "language": self.language if known else "en"}
        return replace(drawn, word=word, facts=facts)


@recipe("mirrored", source="new here")
class Mirrored(Variation):
    """The word as in a mirror, at the place of the base recipe.

    Attributes:
        base: the recipe that draws it.
    """

    base: Recipe = PrintedLabel()

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return mirrored(self.base, canvas, word, rng, ink=ink)
