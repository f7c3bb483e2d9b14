"""Spelling: which letter pairs a text has, and how much each says.

A word's pairs are its neighbouring letters with its two ends as a 27th letter: `cat` has ^c, ca,
at, t$. Case and accents do not matter; whatever is no letter ends a word, so `$$$` has no pairs.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable

import torch
import torch.nn.functional as F

from typoattack.samples.labels import templates

END = 0
"""A word's end; the letters a to z are 1 to 26."""
SYMBOLS = 27
PAIRS = SYMBOLS * SYMBOLS

TEMPLATE_WEIGHT = 0.05
"""How much the spelling of a prompt template's words counts: every class has them."""

_ASKING = "the a an of in is are on with word text letters ink colour color written printed says"


def words_of(text: str) -> list[str]:
    """The runs of letters in `text`, lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.findall(r"[a-z]+", plain.lower())


def pairs_of(word: str) -> list[int]:
    """Indices (left x 27 + right) of the letter pairs of a word in lower-case letters."""
    codes = [END, *(ord(letter) - ord("a") + 1 for letter in word), END]
    return [left * SYMBOLS + right for left, right in itertools.pairwise(codes)]


def rarity(words: Iterable[str]) -> torch.Tensor:
    """(729,): how much each pair says, by how few of `words` have it; 1 on average over words."""
    having = torch.zeros(PAIRS)
    total = 0
    for word in words:
        having[sorted(set(pairs_of(word)))] += 1
        total += 1
    says = torch.log((total + 1.0) / (having + 1.0))
    return says / ((says * having).sum() / having.sum())


@functools.cache
def template_words() -> frozenset[str]:
    """The words of open_clip's ImageNet templates and of questions about words and inks."""
    sentences = " ".join([*templates("openai"), *templates("simple")])
    return frozenset([*words_of(sentences), *_ASKING.split()])


def spelling(text: str, named: str, says: torch.Tensor) -> torch.Tensor:
    """(729,): the letter pairs of `text`, weighted by what they say, normalised; else zero.

    Args:
        text: any sentence.
        named: the class name found in it, whose words count in full; may be empty.
        says: (729,) from `rarity`.
    """
    words, subject = words_of(text), set(words_of(named))
    plain = [w for w in words if w in subject or w not in template_words()]
    weights: dict[int, float] = {}
    for word in words:
        weight = 1.0 if word in plain or not plain else TEMPLATE_WEIGHT
        for pair in pairs_of(word):
            weights[pair] = max(weights.get(pair, 0.0), weight)
    row = torch.zeros(PAIRS)
    row[list(weights)] = torch.tensor(list(weights.values()))
    return F.normalize(row * says.sqrt(), dim=0)


def soft_normalised(rows: torch.Tensor, least: float) -> torch.Tensor:
    """Rows divided by their length, or by `least` where they are shorter: faint stays faint."""
    length: torch.Tensor = rows.norm(dim=-1, keepdim=True)
    return rows / length.clamp(min=least)
