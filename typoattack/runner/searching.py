"""Searches under way: what each asks about, drawn and preprocessed, here or in other processes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import RunFailure, UserError
from typoattack.drawing.canvas import as_png
from typoattack.models.base import Preprocess
from typoattack.recipes import Aim, Attacked
from typoattack.recipes.base import checked
from typoattack.recipes.oracle import Probabilities, Search, Slope
from typoattack.runner.draw import Generator, drawing_stream, open_sample, said_with
from typoattack.runner.on_canvas import OnCanvas
from typoattack.runner.worker import NO_PIXELS
from typoattack.samples.base import Dataset, Sample
from typoattack.suite import Attack

Inputs: TypeAlias = NDArray[np.generic]
"""(n, 3, s, s), as `models.pixels.drawn_input` leaves them; an array, which crosses as bytes."""


@dataclass(frozen=True, slots=True)
class SearchTask:
    """A picture that is to be searched for.

    Attributes:
        index: the photograph's position in the data set.
        attack: the place of the suite's line.
        replicate: which of the suite's words and draws.
        word: the target word.
        target: its class, or -1.
        preprocess: the place of the model's preprocessing.
    """

    index: int
    attack: int
    replicate: int
    word: str
    target: int
    preprocess: int


@dataclass(frozen=True, slots=True)
class Asks:
    """The pictures that a search wants to know the answers to."""

    inputs: Inputs


@dataclass(frozen=True, slots=True)
class AsksSlope:
    """A `Slope`, its pictures preprocessed: (1, 3, s, s) and (n, 3, s, s)."""

    at: Inputs
    others: Inputs
    label: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search ended with.

    Attributes:
        made: the picture, its pixels left out.
        pixels: its fingerprint.
        png: the picture as a file.
        input: (1, 3, s, s), for the model that was asked.
    """

    made: Attacked
    pixels: str
    png: bytes
    input: Inputs


Reply: TypeAlias = Asks | AsksSlope | Found


class Searches(Protocol):
    """Searches under way, each known by a number; replies come in the order of the requests."""

    @property
    def aside(self) -> bool:
        """Whether they go on while a reply is not asked for."""
        ...

    def begin(self, number: int, task: SearchTask) -> None:
        """Start a search."""
        ...

    def tell(self, number: int, answers: Probabilities) -> None:
        """What the model thinks of what a search asked about."""
        ...

    def reply(self) -> tuple[int, Reply]:
        """The next search's reply; raises `UserError` if it breaks, `RunFailure` if it is lost."""
        ...

    def close(self) -> None:
        """No more is asked for."""
        ...


@dataclass(frozen=True, slots=True)
class _Opened:
    """A photograph, and what its pictures are drawn on, preprocessed for one model."""

    index: int
    preprocess: int
    sample: Sample
    canvas: Image.Image
    on_canvas: OnCanvas


class SearchesHere:
    """Searches that draw in this process, each when its reply is asked for.

    Args:
        generator: draws the suite.
        dataset: the photographs.
        preprocesses: distinct preprocessings of the models.
    """

    aside = False

    def __init__(
        self, generator: Generator, dataset: Dataset, preprocesses: Sequence[Preprocess]
    ) -> None:
        self._generator = generator
        self._dataset = dataset
        self._preprocesses = preprocesses
        self._turns: deque[tuple[int, SearchTask | Probabilities]] = deque()
        self._running: dict[int, tuple[Search, _Opened]] = {}
        self._last: _Opened | None = None

    def begin(self, number: int, task: SearchTask) -> None:
        """See `Searches`."""
        self._turns.append((number, task))

    def tell(self, number: int, answers: Probabilities) -> None:
        """See `Searches`."""
        self._turns.append((number, answers))

    def reply(self) -> tuple[int, Reply]:
        """See `Searches`."""
        number, turn = self._turns.popleft()
        return number, self.step(number, turn)

    def close(self) -> None:
        """See `Searches`."""
        self._running.clear()

    def step(self, number: int, turn: SearchTask | Probabilities) -> Reply:
        """Begin a search, or go on with it: what it says next.

        Raises:
            UserError: if the recipe cannot draw the word, or breaks.
            RunFailure: if the photograph cannot be read any more.
        """
        answers = None
        if isinstance(turn, SearchTask):
            opened = self._open(turn)
            attack = self._generator.suite.attacks[turn.attack]
            self._running[number] = (
                search_of(self._generator, opened.sample, opened.canvas, attack, turn),
                opened,
            )
        else:
            answers = turn
        search, opened = self._running[number]
        try:
            asked = next(search) if answers is None else search.send(answers)
        except StopIteration as end:
            del self._running[number]
            return _found(end.value, opened.on_canvas)
        inputs = opened.on_canvas.inputs
        if isinstance(asked, Slope):
            at, others = inputs([asked.at]).numpy(), inputs(asked.images).numpy()
            return AsksSlope(at, others, asked.label)
        return Asks(inputs(asked).numpy())

    def _open(self, task: SearchTask) -> _Opened:
        """The task's photograph, decoded once for those of its searches that begin in a row."""
        last = self._last
        if last is None or (last.index, last.preprocess) != (task.index, task.preprocess):
            opened = open_sample(self._generator, self._dataset[task.index])
            if opened.canvas is None:
                raise RunFailure(
                    f"photograph {opened.sample.id!r} changed while the run went on: "
                    f"{opened.broken}; what is finished is kept: run the same command again"
                )
            on_canvas = OnCanvas(opened.canvas, [self._preprocesses[task.preprocess]])
            last = _Opened(task.index, task.preprocess, opened.sample, opened.canvas, on_canvas)
            self._last = last
        return last


def _found(made: Attacked, on_canvas: OnCanvas) -> Found:
    fingerprint, (row,) = on_canvas.told(made.image)
    light = replace(made, image=NO_PIXELS)
    return Found(light, fingerprint, as_png(made.image), row[None].numpy())


def search_of(
    generator: Generator, sample: Sample, canvas: Image.Image, attack: Attack, task: SearchTask
) -> Search:
    """A recipe's own search, its queries counted, its errors said with what it was drawing.

    Args:
        generator: draws the suite.
        sample: the photograph.
        canvas: its clean picture.
        attack: one whose recipe is a search.
        task: says word and class.

    Returns:
        What it finds has `queries`, the pictures asked about, among its facts. It raises
        `UserError` if the recipe cannot draw the word, or breaks.
    """
    assert attack.search is not None
    rng = drawing_stream(generator.suite.seed, sample.id, attack.recipe, task.replicate)
    answers, queries = None, 0
    with said_with(attack.recipe, sample.id, task.word):
        aim = Aim(sample.label, task.target)
        search = attack.search.search(canvas.copy(), task.word, rng, aim)
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
