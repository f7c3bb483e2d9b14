"""Attacks that may ask the model: every query counted, and every gradient."""

import math
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


@dataclass(frozen=True, slots=True)
class Slope:
    """A question for who has the weights: what would these pictures change, to first order?

    It is answered by (n,) changes of the right class's margin, see `typoattack.models.gradient`.

    Attributes:
        at: the canvas-sized picture at which the gradient is taken.
        images: the n pictures whose effect is foretold.
        label: the right class.
    """

    at: Image.Image
    images: tuple[Image.Image, ...]
    label: int


Search: TypeAlias = Generator[Sequence[Image.Image] | Slope, Probabilities, Attacked]
"""A search under way: it yields canvas-sized RGB pictures and is sent what the model thinks of
them, until it returns the picture that it found. Of an open_clip model it may ask a `Slope` too.

That it asks by `yield` lets a run ask for many searches in one forward pass.
"""


def margins(answers: Probabilities, label: int) -> list[float]:
    """(n,) log probability of the right class less that of the most probable other one."""
    logs = np.log(np.maximum(answers.astype(np.float64), np.finfo(np.float32).tiny))
    others = np.delete(logs, label, axis=1)
    best = others.max(axis=1) if others.shape[1] else np.full(len(logs), -math.inf)
    return [float(value) for value in logs[:, label] - best]


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
