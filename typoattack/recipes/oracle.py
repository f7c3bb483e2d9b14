"""Attacks that may ask the model: black box, no gradients, every query counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe

Probabilities = NDArray[np.float32]
"""(n_pictures, n_classes), rows sum to 1."""


@dataclass(slots=True)
class Oracle:
    """The model as an attacker sees it: pictures in, class probabilities out.

    Attributes:
        ask: canvas-sized RGB pictures to (n, n_classes) probabilities.
        label: index of the right class.
        target: index of the class that is written; -1 if the word is no class.
        queries: how many pictures were asked about so far.
    """

    ask: Callable[[Sequence[Image.Image]], Probabilities] = field(repr=False)
    label: int
    target: int
    queries: int = 0

    def __call__(self, images: Sequence[Image.Image]) -> Probabilities:
        """Class probabilities of `images`, each counted as one query."""
        self.queries += len(images)
        return self.ask(images)


class SearchRecipe(Recipe):
    """A recipe that chooses among drawings by what the model answers.

    The picture it finds depends on the model it asked; another model may be tested on it.
    """

    @property
    def most_queries(self) -> int:
        """The most pictures that one `search` asks about."""
        raise NotImplementedError

    def search(self, canvas: Image.Image, word: str, rng: Rng, oracle: Oracle) -> Attacked:
        """The picture found; `facts` carry `queries`, and what else the search learnt.

        Args:
            canvas: left untouched.
            word: the target word.
            rng: the only source of chance.
            oracle: what may be asked.
        """
        raise NotImplementedError
