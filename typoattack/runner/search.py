"""The pictures that searches find by asking the model, many searches in one forward pass."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from typoattack.models.base import Preprocess
from typoattack.models.text_cache import Features
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.draw import Drawn, Generator
from typoattack.runner.search_processes import SearchesElsewhere
from typoattack.runner.searching import (
    AsksSlope,
    Found,
    Inputs,
    Searches,
    SearchesHere,
    SearchTask,
)
from typoattack.runner.worker import Drawing, Picture
from typoattack.samples.base import Dataset

_AHEAD = 2
"""Forward passes' worth of searches that are begun before they are needed, where others draw."""

_MOST_BEGUN = 256
"""Searches under way there at most, each with some copies of its canvas in memory."""

_GUESS = 8
"""Pictures that a search asks about at once, before any has."""


class Asked(Protocol):
    """A model as searches see it."""

    @property
    def batch_size(self) -> int:
        """Pictures a forward pass at most."""
        ...

    @property
    def input_index(self) -> int:
        """The place of its preprocessing among the distinct ones."""
        ...

    @property
    def class_index(self) -> Callable[[str], int]:
        """The class called so, or -1."""
        ...

    def probabilities(self, inputs: Inputs) -> Probabilities:
        """Class probabilities (n, n_classes) of pictures' inputs (n, 3, s, s)."""
        ...

    def foretell(self, slope: AsksSlope) -> Probabilities:
        """(n,) changes of the right class's margin to first order; `UserError` if it cannot."""
        ...

    def embed_inputs(self, inputs: Inputs) -> Features:
        """(n, 3, s, s) to (n, d)."""
        ...


class Searcher:
    """Finds the pictures that are chosen by asking the model.

    Args:
        generator: draws the suite.
        dataset: the photographs.
        preprocesses: distinct preprocessings of the models.
        processes: how many draw what searches ask about; 0: this one.

    Attributes:
        searches: how many a photograph has.
    """

    def __init__(
        self,
        generator: Generator,
        dataset: Dataset,
        preprocesses: Sequence[Preprocess],
        processes: int,
    ) -> None:
        self._generator = generator
        self._dataset = dataset
        self._preprocesses = preprocesses
        self._processes = processes
        self._searches: Searches | None = None
        suite = generator.suite
        places = [place for place, one in enumerate(suite.attacks) if one.search is not None]
        self._attacks = list(itertools.product(places, range(suite.replicates)))
        self.searches = len(self._attacks)

    def search(
        self, model: Asked, drawings: Sequence[Drawing]
    ) -> list[list[tuple[Picture, Found, Features]]]:
        """The pictures that the suite's searches find for this model on each drawing's canvas.

        All of these drawings' searches run side by side; what each finds doesn't depend on which
        others there are, but as far as a model answers a picture in another batch otherwise.

        Returns:
            For each drawing what was found, each with its embedding (1, d).

        Raises:
            UserError: if a recipe cannot draw its word, or breaks.
            RunFailure: if a process that draws dies, or a photograph cannot be read any more.
        """
        whose, tasks = self._tasks(model, drawings)
        if not tasks:
            return [[] for _ in drawings]
        results = in_step(self._opened(), tasks, model)
        # One photograph's are embedded one by one: its answers then depend on nothing beside them.
        size = 1 if len(drawings) == 1 else len(results)
        embeddings = [
            embedding[None]
            for start in range(0, len(results), size)
            for embedding in model.embed_inputs(
                np.concatenate([made.input for made in results[start : start + size]])
            )
        ]
        found: list[list[tuple[Picture, Found, Features]]] = [[] for _ in drawings]
        for place, task, made, embedding in zip(whose, tasks, results, embeddings, strict=True):
            attack = self._generator.suite.attacks[task.attack]
            picture = Picture(Drawn(attack, task.replicate, made.made), made.pixels)
            found[place].append((picture, made, embedding))
        return found

    def close(self) -> None:
        """End the processes that draw, if there are any."""
        if self._searches is not None:
            self._searches.close()
            self._searches = None

    def _opened(self) -> Searches:
        """What draws; other processes begin when the first search does."""
        if self._searches is None:
            here = SearchesHere(self._generator, self._dataset, self._preprocesses)
            elsewhere = self._processes > 0
            self._searches = SearchesElsewhere(here, self._processes) if elsewhere else here
        return self._searches

    def _tasks(
        self, model: Asked, drawings: Sequence[Drawing]
    ) -> tuple[list[int], list[SearchTask]]:
        """What is to be searched for, and on which of the drawings."""
        whose, tasks = [], []
        for place, drawing in enumerate(drawings):
            if drawing.broken:
                continue
            sample = self._dataset[drawing.index]
            for attack, replicate in self._attacks:
                word = self._generator.word(
                    self._generator.suite.attacks[attack], sample, replicate
                )
                if word is not None:
                    target = model.class_index(word)
                    whose.append(place)
                    tasks.append(
                        SearchTask(
                            drawing.index, attack, replicate, word, target, model.input_index
                        )
                    )
        return whose, tasks


def in_step(searches: Searches, tasks: Iterable[SearchTask], model: Asked) -> list[Found]:
    """Run searches to their ends, each forward pass full where there are enough of them.

    Where they draw in this process, a search is begun when a batch has room, so that about a
    batch's pictures and as many searches are in memory, however many there are. Where others draw,
    some more are under way, and a batch takes at most half of them, so that those that are drawn
    and those that are asked about take turns.

    Args:
        searches: draws what they ask about.
        tasks: what is to be searched for.
        model: is asked.

    Returns:
        What each found, in the order of the tasks.

    Raises:
        UserError: if a search asks for a gradient that nobody can give, or cannot draw its word.
        RunFailure: if a process that draws dies.
    """
    fresh = enumerate(tasks)
    found: dict[int, Found] = {}
    new: set[int] = set()
    begun = awaited = 0
    most = _GUESS
    while True:
        asking: list[tuple[int, Inputs]] = []
        pictures = 0
        while pictures < model.batch_size:
            more = int(not awaited)
            if searches.aside:
                ahead = max(_AHEAD * model.batch_size // most, 1) - len(new)
                more = min(ahead, _MOST_BEGUN - (begun - len(found)))
            for number, task in itertools.islice(fresh, max(more, 0)):
                searches.begin(number, task)
                new.add(number)
                begun, awaited = begun + 1, awaited + 1
            half = searches.aside and asking and 2 * len(asking) >= begun - len(found)
            if half or not awaited:
                break
            number, reply = searches.reply()
            if isinstance(reply, AsksSlope):
                searches.tell(number, model.foretell(reply))
                continue
            new.discard(number)
            awaited -= 1
            if isinstance(reply, Found):
                found[number] = reply
            else:
                asking.append((number, reply.inputs))
                pictures += len(reply.inputs)
        if not asking:
            return [found[number] for number in sorted(found)]
        most = max(len(inputs) for _, inputs in asking)
        answers = model.probabilities(np.concatenate([inputs for _, inputs in asking]))
        for (number, _), told in zip(asking, _parted(answers, asking), strict=True):
            searches.tell(number, told)
            awaited += 1


def _parted(
    answers: Probabilities, asking: Sequence[tuple[int, Inputs]]
) -> Iterator[Probabilities]:
    """Each search's own part of the answers."""
    begin = 0
    for _, inputs in asking:
        yield answers[begin : begin + len(inputs)]
        begin += len(inputs)
