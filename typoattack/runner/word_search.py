"""Which strings drive photographs to a wanted class: how Goh et al. found their words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.recipes.base import Recipe
from typoattack.recipes.oracle import Probabilities


@dataclass(frozen=True, slots=True)
class WordScore:
    """How well one string does.

    Attributes:
        word: the string.
        hits: share of the photographs that the model took for the wanted class, 0 to 1.
        probability: mean probability of the wanted class.
        queries: how many pictures the model was asked about.
    """

    word: str
    hits: float
    probability: float
    queries: int


def search_words(
    vocabulary: Iterable[str],
    photographs: Sequence[tuple[str, Image.Image]],
    target: int,
    recipe: Recipe,
    ask: Callable[[Sequence[Image.Image]], Probabilities],
    *,
    seed: int = 0,
    progress: Callable[[WordScore], None] | None = None,
) -> list[WordScore]:
    """Every string of the vocabulary, the most successful first.

    After Goh et al., *Multimodal Neurons*, 2021, who searched for strings that a class's neuron
    answers to. Each string is drawn on each photograph, at the same place for every string:
    len(vocabulary) × len(photographs) queries.

    Args:
        vocabulary: candidate strings; doubles count once.
        photographs: (sample id, canvas) pairs, none of the wanted class.
        target: index of the wanted class.
        recipe: draws the strings.
        ask: canvas pictures to class probabilities, (n, n_classes).
        seed: keys the random streams, with the sample's id.
        progress: called with each string's score as it is known.
    """
    scores = []
    for word in dict.fromkeys(vocabulary):
        drawn = [
            recipe(canvas, word, stream(seed, sample, recipe.stream_key)).image
            for sample, canvas in photographs
        ]
        probabilities = ask(drawn)
        score = WordScore(
            word=word,
            hits=float(np.mean(probabilities.argmax(axis=1) == target)),
            probability=float(probabilities[:, target].mean()),
            queries=len(drawn),
        )
        scores.append(score)
        if progress:
            progress(score)
    return sorted(scores, key=lambda s: (-s.hits, -s.probability, s.word))
