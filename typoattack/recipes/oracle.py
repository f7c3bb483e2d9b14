"""Attacks that may ask the model: black box, no gradients, every query counted."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe

Probabilities: TypeAlias = NDArray[np.float32]
"""(n_pictures, n_classes), rows sum to 1."""

Search: TypeAlias = Generator[Sequence[Image.Image], Probabilities, Attacked]
"""A search under way: it yields canvas-sized RGB pictures and is sent what the model thinks of
them, until it returns the picture that it found.

That it asks by `yield` lets a run ask for many searches in one forward pass.
"""


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attacker is after.

    Attributes:
        label: index of the right class.
        target: index of the class that is written; -1 if the word is no class.
    """

    label: int
    target: int


class SearchRecipe(Recipe):
    """A recipe that chooses among drawings by what the model answers.

    The picture it finds depends on the model it asked; another model may be tested on it.
    """

    @property
    def most_queries(self) -> int:
        """The most pictures that one `search` asks about."""
        raise NotImplementedError

    def search(self, canvas: Image.Image, word: str, rng: Rng, aim: Aim) -> Search:
        """Find a picture: `answers = yield pictures` asks, each picture counted as one query.

        Args:
            canvas: left untouched.
            word: the target word.
            rng: the only source of chance.
            aim: the right class and the written one, as columns of the answers.

        Returns:
            What ends in the picture found; its `facts` say what else the search learnt.
        """
        raise NotImplementedError
