"""The pictures that searches find by asking the model, many searches in one forward pass."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.models.text_cache import Features
from typoattack.recipes import Aim, Attacked
from typoattack.recipes.base import checked
from typoattack.recipes.oracle import Probabilities, Search, Slope
from typoattack.runner.draw import (
    Drawn,
    Generator,
    drawing_stream,
    pixel_fingerprint,
    said_with,
)
from typoattack.runner.worker import Drawing, Picture
from typoattack.samples.base import Dataset, Sample
from typoattack.suite import Attack


class Asked(Protocol):
    """A model as searches see it."""

    @property
    def batch_size(self) -> int:
        """Pictures a forward pass at most."""
        ...

    @property
    def class_index(self) -> Callable[[str], int]:
        """The class called so, or -1."""
        ...

    def ask(self, images: Sequence[Image.Image]) -> Probabilities:
        """Class probabilities (n, n_classes) of canvas pictures."""
        ...

    def foretell(self, slope: Slope) -> Probabilities:
        """(n,) changes of the right class's margin to first order; `UserError` if it cannot."""
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
    """Finds the pictures that are chosen by asking the model.

    Attributes:
        searches: how many a photograph has.
    """

    def __init__(self, generator: Generator, dataset: Dataset) -> None:
        self._generator = generator
        self._dataset = dataset
        suite = generator.suite
        searches = [attack for attack in suite.attacks if attack.search is not None]
        self._attacks = list(itertools.product(searches, range(suite.replicates)))
        self.searches = len(self._attacks)

    def search(self, model: Asked, drawings: Sequence[Drawing]) -> list[list[Found]]:
        """The pictures that the suite's searches find for this model on each drawing's canvas.

        All of these drawings' searches run side by side; what each finds doesn't depend on which
        others there are, but as far as a model answers a picture in another batch otherwise.
        """
        begun: list[tuple[int, Attack, int]] = []
        searches = self._begin(model, drawings, begun)
        results = in_step(searches, model.ask, model.batch_size, model.foretell)
        # One photograph's are embedded one by one: its answers then depend on nothing beside them.
        size = 1 if len(drawings) == 1 else max(len(results), 1)
        embeddings = [
            embedding[None]
            for start in range(0, len(results), size)
            for embedding in model.embed_images(
                [made.image for made in results[start : start + size]]
            )
        ]
        found: list[list[Found]] = [[] for _ in drawings]
        for (place, attack, replicate), made, embedding in zip(
            begun, results, embeddings, strict=True
        ):
            picture = Picture(Drawn(attack, replicate, made), pixel_fingerprint(made.image))
            found[place].append(Found(picture, made.image, embedding))
        return found

    def _begin(
        self, model: Asked, drawings: Sequence[Drawing], begun: list[tuple[int, Attack, int]]
    ) -> Iterator[Search]:
        """Each search when it is taken; `begun` is told which drawing, attack, replicate it is."""
        for place, drawing in enumerate(drawings):
            if drawing.canvas is None:
                continue
            sample = self._dataset[drawing.index]
            for attack, replicate in self._attacks:
                search = begin_search(
                    self._generator, sample, drawing.canvas, attack, replicate, model
                )
                if search is not None:
                    begun.append((place, attack, replicate))
                    yield search


def in_step(
    searches: Iterable[Search],
    ask: Callable[[Sequence[Image.Image]], Probabilities],
    batch_size: int,
    foretell: Callable[[Slope], Probabilities] | None = None,
) -> list[Attacked]:
    """Run searches to their ends, each forward pass full where there are enough of them.

    A search is taken from `searches` when a batch has room, so that about `batch_size` pictures
    and as many searches are in memory, however many come.

    Args:
        searches: not yet started.
        ask: canvas pictures to class probabilities (n, n_classes).
        batch_size: pictures that make a forward pass worth while.
        foretell: answers a `Slope`, each by itself; None where nobody can.

    Returns:
        What each found, in the order they came.

    Raises:
        UserError: if a search asks for a gradient that nobody can give, or cannot draw its word.
    """
    fresh = enumerate(searches)
    running: deque[tuple[int, Search, Probabilities | None]] = deque()
    found: dict[int, Attacked] = {}
    while True:
        asking: list[tuple[int, Search, Sequence[Image.Image]]] = []
        images: list[Image.Image] = []
        while len(images) < batch_size:
            if running:
                number, search, answers = running.popleft()
            elif (started := next(fresh, None)) is not None:
                (number, search), answers = started, None
            else:
                break
            try:
                wanted = next(search) if answers is None else search.send(answers)
            except StopIteration as end:
                found[number] = end.value
                continue
            if isinstance(wanted, Slope):
                if foretell is None:
                    raise UserError("a search asks for a gradient, and this model gives none")
                running.appendleft((number, search, foretell(wanted)))
                continue
            asking.append((number, search, wanted))
            images += wanted
        if not asking:
            return [found[number] for number in sorted(found)]
        told, begin = ask(images), 0
        for number, search, wanted in asking:
            running.append((number, search, told[begin : begin + len(wanted)]))
            begin += len(wanted)


def begin_search(
    generator: Generator,
    sample: Sample,
    canvas: Image.Image,
    attack: Attack,
    replicate: int,
    model: Asked,
) -> Search | None:
    """A search for one picture, not yet started, or None where there is no word.

    Args:
        generator: draws the suite.
        sample: the photograph.
        canvas: its clean picture.
        attack: one whose recipe is a search.
        replicate: which of the suite's words and draws.
        model: tells which class is written.

    Returns:
        What it finds has `queries`, the pictures asked about, among its facts. It raises
        `UserError` if the recipe cannot draw the word, or breaks.
    """
    word = generator.word(attack, sample, replicate)
    if word is None or attack.search is None:
        return None
    return _counted(generator, sample, canvas, attack, replicate, word, model.class_index(word))


def _counted(
    generator: Generator,
    sample: Sample,
    canvas: Image.Image,
    attack: Attack,
    replicate: int,
    word: str,
    target: int,
) -> Search:
    """The recipe's own search, its queries counted, its errors said with what it was drawing."""
    assert attack.search is not None
    rng = drawing_stream(generator.suite.seed, sample.id, attack.recipe, replicate)
    answers, queries = None, 0
    with said_with(attack.recipe, sample.id, word):
        search = attack.search.search(canvas.copy(), word, rng, Aim(sample.label, target))
        while True:
            try:
                images = next(search) if answers is None else search.send(answers)
            except StopIteration as end:
                made = checked(end.value, canvas)
                return replace(made, facts={**made.facts, "queries": queries})
            if not isinstance(images, Slope):
                _check_question(images, canvas)
                queries += len(images)
            answers = yield images


def _check_question(images: object, canvas: Image.Image) -> None:
    """`UserError` unless a search asks about pictures that a model can be shown."""
    wanted = "RGB", canvas.size
    if isinstance(images, (list, tuple)) and images:
        shapes = {
            (one.mode, one.size) if isinstance(one, Image.Image) else type(one).__name__
            for one in images
        }
        if shapes == {wanted}:
            return
        found = ", ".join(sorted(str(shape) for shape in shapes - {wanted}))
    else:
        found = f"{images!r:.80}"
    raise UserError(
        f"its search asks about {found}; it must yield a list of one or more pictures, each RGB "
        f"{canvas.size}"
    )
