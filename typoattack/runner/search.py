"""The pictures that a search finds by asking the model, photograph by photograph."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from typoattack.models.text_cache import Features
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.draw import Drawn, Generator, pixel_fingerprint
from typoattack.runner.worker import Drawing, Picture
from typoattack.samples.base import Dataset


class Asked(Protocol):
    """A model as searches see it."""

    @property
    def class_index(self) -> Callable[[str], int]:
        """The class called so, or -1."""
        ...

    def ask(self, images: Sequence[Image.Image]) -> Probabilities:
        """Class probabilities (n, n_classes) of canvas pictures."""
        ...

    def embed_images(self, images: Sequence[Image.Image]) -> Features:
        """n canvas pictures to (n, d)."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A picture that a search found, with its embedding (1, d)."""

    picture: Picture
    image: Image.Image
    embedding: Features


class Searcher:
    """Finds the pictures that are chosen by asking the model, sample by sample."""

    def __init__(self, generator: Generator, dataset: Dataset) -> None:
        self._generator = generator
        self._dataset = dataset
        suite = generator.suite
        searches = [attack for attack in suite.attacks if attack.search is not None]
        self._attacks = list(itertools.product(searches, range(suite.replicates)))

    def search(self, model: Asked, drawing: Drawing) -> list[Found]:
        """The pictures that the suite's searches find for this model on a drawing's canvas."""
        if drawing.canvas is None:
            return []
        sample, found = self._dataset[drawing.index], []
        for attack, replicate in self._attacks:
            made = self._generator.search(
                sample, drawing.canvas, attack, replicate, model.ask, model.class_index
            )
            if made is not None:
                picture = Picture(Drawn(attack, replicate, made), pixel_fingerprint(made.image))
                embedding = model.embed_images([made.image])
                found.append(Found(picture, made.image, embedding))
        return found
