"""Searches: the most damaging of several draws, the smallest text that flips."""

import copy
import math
from dataclasses import fields, replace
from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.oracle import Aim, Probabilities, Search, SearchRecipe
from typoattack.recipes.variation import substream


class SearchOver(SearchRecipe):
    """A search among the drawings of another recipe, whose words it takes."""

    base: Recipe

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.base, SearchRecipe):
            raise UserError(f"recipe {self.name!r}: {self.base} is a search itself")
        object.__setattr__(self, "words", self.base.words)

    @property
    def stream_key(self) -> str:
        """That of its base: searches of any budget, and their base, draw from one stream."""
        return self.base.stream_key

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        """What the search starts from: the base recipe, no model asked."""
        return self.base(canvas, word, rng, ink=ink)


@recipe("worst-of", source="new here; random search, black box")
class WorstOf(SearchOver):
    """The most damaging of k random draws of a recipe: the least probability of the right class.

    `facts` say which draw was the first to flip the answer (`flip_query`, from 1; 0 if none).

    Attributes:
        k: how many draws, each one query.
        base: the recipe that draws.
    """

    k: Annotated[int, Field(ge=1, le=1000)] = 8
    base: Recipe = PrintedLabel(place="random", tilt=15.0)

    @property
    def most_queries(self) -> int:
        return self.k

    def search(self, canvas: Image.Image, word: str, rng: Rng, aim: Aim) -> Search:
        drawn = [self.base(canvas, word, substream(rng, "draw", i)) for i in range(self.k)]
        answers = yield [each.image for each in drawn]
        right, flips = answers[:, aim.label], answers.argmax(axis=1) != aim.label
        worst = int(right.argmin())
        facts = {
            **drawn[worst].facts,
            "draw": worst,
            "spread": float(right.max() - right.min()),
            "flip_query": int(flips.argmax()) + 1 if flips.any() else 0,
        }
        return replace(drawn[worst], facts=facts)


@recipe("smallest-flip", source="new here; bisection of the text size, black box")
class SmallestFlip(SearchOver):
    """The smallest writing that makes the model err, found by bisection of the recipe's size.

    The place and all else stays; only `size` changes. What is found is the smallest size that
    was seen to flip the answer, not a proof that none smaller would. `facts` say whether any did
    (`flipped`) and at which size parameter (`flip_size`, the largest size tried if none did);
    the text height is the row's `size`, so that a curve of the share flipped against size can
    be drawn.

    Attributes:
        base: a recipe with the parameter `size`.
        least: the smallest size tried.
        most: the largest size tried.
        steps: how many halvings, each one query after the first.
    """

    base: Recipe = PrintedLabel()
    least: Share = 0.05
    most: Share = 0.9
    steps: Annotated[int, Field(ge=1, le=20)] = 7

    def __post_init__(self) -> None:
        super().__post_init__()
        if not any(f.name == "size" for f in fields(self.base)):
            raise UserError(f"recipe {self.name!r}: {self.base} has no parameter `size` to bisect")
        if self.least >= self.most:
            raise UserError(
                f"recipe {self.name!r}: `least` is {self.least}, which is not below `most`"
            )

    @property
    def most_queries(self) -> int:
        return self.steps + 1

    def search(self, canvas: Image.Image, word: str, rng: Rng, aim: Aim) -> Search:
        low, high = self.least, self.most
        found = self._sized(canvas, word, rng, high)
        if not _flips((yield [found.image]), aim):
            return replace(found, facts={**found.facts, "flipped": False, "flip_size": high})
        for _ in range(self.steps):
            middle = round(math.sqrt(low * high), 5)
            tried = self._sized(canvas, word, rng, middle)
            if _flips((yield [tried.image]), aim):
                found, high = tried, middle
            else:
                low = middle
        return replace(found, facts={**found.facts, "flipped": True, "flip_size": high})

    def _sized(self, canvas: Image.Image, word: str, rng: Rng, size: float) -> Attacked:
        """The base recipe at `size`, from the same point of the stream each time."""
        sized: Recipe = replace(self.base, **{"size": size})
        return sized(canvas, word, copy.deepcopy(rng))


def _flips(answers: Probabilities, aim: Aim) -> bool:
    """Whether the one picture asked about is called something else than it is."""
    return int(answers[0].argmax()) != aim.label
