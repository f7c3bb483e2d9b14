"""An attacker who has the weights: words and places chosen by the gradient of the answer."""

from dataclasses import replace
from typing import Annotated

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.recipes.adaptive import SearchOver
from typoattack.recipes.base import Attacked, Recipe, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.oracle import Aim, Probabilities, Search, Slope, margins
from typoattack.recipes.variation import substream


@recipe(
    "guided",
    source="new here; first-order guidance as of HotFlip (Ebrahimi et al. 2018), white box",
)
class Guided(SearchOver):
    """A recipe whose drawings, and words, are chosen by the gradient of the answer: white box.

    Each round draws many candidates, foretells by the gradient at the worst picture so far how
    much each would lower the margin (the logit of the right class less that of the next best), and
    asks about the few that promise most. It needs the weights of an open_clip model without
    defences: no attack for pen and paper, and the page says so. `facts` say how often a picture
    was asked about (`queries`), at which query the answer first flipped (`flip_query`), and how
    many gradients were taken (`gradients`).

    Attributes:
        base: the recipe that draws.
        rounds: how many gradients.
        draws: candidates a round, each drawn and none asked about.
        ask: how many of them are asked about.
        among: words to choose from beside the suite's own.
    """

    base: Recipe = PrintedLabel(place="random", tilt=15.0)
    rounds: Annotated[int, Field(ge=1, le=50)] = 3
    draws: Annotated[int, Field(ge=1, le=500)] = 24
    ask: Annotated[int, Field(ge=1, le=100)] = 4
    among: tuple[str, ...] = ()

    @property
    def most_queries(self) -> int:
        return 1 + self.rounds * min(self.ask, self.draws)

    def search(self, canvas: Image.Image, word: str, rng: Rng, aim: Aim) -> Search:
        best = self._drawn(canvas, word, rng, 0)
        (margin,) = margins((yield [best.image]), aim.label)
        queries, flip_query = 1, int(margin < 0)
        place = canvas
        for turn in range(self.rounds):
            first = 1 + turn * self.draws
            drawn = [self._drawn(canvas, word, rng, first + n) for n in range(self.draws)]
            foretold: Probabilities = yield Slope(
                place, tuple(one.image for one in drawn), aim.label
            )
            promising = [drawn[n] for n in foretold.argsort(kind="stable")[: self.ask].tolist()]
            found = margins((yield [one.image for one in promising]), aim.label)
            for one, value in zip(promising, found, strict=True):
                queries += 1
                if value < 0 and not flip_query:
                    flip_query = queries
                if value < margin:
                    best, margin = one, value
            place = best.image
        facts = {"flip_query": flip_query, "margin": margin, "gradients": self.rounds}
        return replace(best, facts={**best.facts, **facts})

    def _drawn(self, canvas: Image.Image, word: str, rng: Rng, number: int) -> Attacked:
        """A candidate, the words by turns, the suite's own first."""
        words = (word, *(one for one in self.among if one != word))
        return self.base(canvas, words[number % len(words)], substream(rng, "draw", number))
