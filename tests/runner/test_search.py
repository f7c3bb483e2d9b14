"""Searches run side by side: full forward passes, the same finds here and in other processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import noise
from tests.recipes.photographs import photograph
from typoattack.core.errors import RunFailure, UserError
from typoattack.drawing.canvas import as_png, decode
from typoattack.models.pixels import Bicubic, TwoStep, drawn_input
from typoattack.recipes import Aim, SearchRecipe
from typoattack.recipes.base import attacked
from typoattack.recipes.oracle import Probabilities, Search
from typoattack.runner.draw import Generator, pixel_fingerprint
from typoattack.runner.search import in_step
from typoattack.runner.search_processes import SearchesElsewhere
from typoattack.runner.searching import Found, Inputs, Searches, SearchesHere, SearchTask
from typoattack.samples.base import Sample
from typoattack.suite import Attack, parse_suite
from typoattack.task import Task

SIDE, INPUT = 48, 24
PREPROCESS = TwoStep(Bicubic(INPUT))
COUNT = 8


class Photographs:
    """As many photographs as a test wants; see `Dataset`."""

    name = fingerprint = "photographs"
    licence = ""
    task = Task("object", ("cat", "dog"), ("{}",))

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> Sample:
        return Sample(f"{index}.png", lambda: photograph(SIDE, index), 0)


@dataclass
class ByBrightness:
    """A model that holds bright pictures for the second of two classes."""

    batch_size: int = 64
    input_index: int = 0
    passes: list[int] = field(default_factory=list)

    def class_index(self, word: str) -> int:
        return -1

    def probabilities(self, inputs: Inputs) -> Probabilities:
        self.passes.append(len(inputs))
        share = np.array([one.mean() / 255 for one in inputs])
        return np.stack([1 - share, share], axis=1).astype(np.float32)

    def foretell(self, slope: object) -> Probabilities:
        raise UserError("no gradient")

    def embed_inputs(self, inputs: Inputs) -> np.ndarray:
        raise AssertionError("nobody asks for embeddings here")


def searches_of(*recipes: str) -> SearchesHere:
    suite = parse_suite(
        f"question: q\nrecipes: {list(recipes)}", "s", {"canvas": SIDE, "words": "fixed:lemon"}
    )
    generator = Generator(suite, Photographs.task.class_names)
    return SearchesHere(generator, Photographs(), [PREPROCESS])


def tasks(count: int, attacks: int = 1) -> list[SearchTask]:
    return [
        SearchTask(n, place, 0, "lemon", 1, 0) for n in range(count) for place in range(attacks)
    ]


def told(found: Sequence[Found]) -> list[tuple[object, ...]]:
    return [(one.made.facts, one.pixels, one.png, one.input.tobytes()) for one in found]


SEARCHES = ["worst-of(5)", "smallest-flip(steps=4)"]


@pytest.mark.parametrize("spec", SEARCHES)
@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, COUNT), batch_size=st.integers(1, 20))
def test_what_a_search_finds_depends_on_no_other(spec: str, count: int, batch_size: int) -> None:
    searches = searches_of(spec)
    alone = [in_step(searches, [task], ByBrightness(1))[0] for task in tasks(count)]
    together = in_step(searches, tasks(count), ByBrightness(batch_size))
    assert told(together) == told(alone)


def test_what_is_found_is_the_picture_that_the_model_saw() -> None:
    (found,) = in_step(searches_of("worst-of(5)"), tasks(1), ByBrightness())
    image = decode(found.png)
    assert pixel_fingerprint(image) == found.pixels
    assert (found.input[0] == drawn_input(PREPROCESS, image).numpy()).all()
    assert image.tobytes() != photograph(SIDE, 0).tobytes()


def test_only_what_was_drawn_is_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[Image.Image] = []

    def watched(preprocess: TwoStep, image: Image.Image) -> object:
        whole.append(image)
        return drawn_input(preprocess, image)

    monkeypatch.setattr("typoattack.models.parts.drawn_input", watched)
    recipe = "worst-of(5, printed-label(size=0.1))"
    (found,) = in_step(searches_of(recipe), tasks(1), ByBrightness())
    assert found.made.coverage > 0
    assert len(whole) == 1  # the canvas


def test_bisections_of_many_photographs_share_their_forward_passes() -> None:
    class Flips(ByBrightness):
        def probabilities(self, inputs: Inputs) -> Probabilities:
            self.passes.append(len(inputs))
            return np.tile(np.float32([0.1, 0.9]), (len(inputs), 1))  # all flip: all take 1 + 4

    model = Flips(16)
    in_step(
        searches_of("smallest-flip(steps=4)"), [*tasks(8), *tasks(8), *tasks(8), *tasks(8)], model
    )
    assert model.passes == [16] * (32 * 5 // 16)


class Asking(SearchRecipe):
    """A plugin's search that asks about whatever a test wants."""

    name = "asking"
    questions: tuple[object, ...] = ()
    most_queries = 5

    def search(self, canvas: Image.Image, word: str, rng: object, aim: Aim) -> Search:  # type: ignore[override]
        for question in type(self).questions:
            yield question() if callable(question) else question  # type: ignore[misc]
        return attacked(canvas, canvas, word=word, written=word, size=0.0)


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SearchesHere]:
    """Searches that ask about what they are given."""

    def made(*questions: object) -> SearchesHere:
        monkeypatch.setattr(Asking, "questions", questions)
        suite = parse_suite(
            "question: q\nrecipes: [worst-of]", "s", {"canvas": SIDE, "words": "fixed:iPod"}
        )
        (attack,) = suite.attacks
        monkeypatch.setattr(Attack, "search", property(lambda self: self.recipe))
        suite = replace(suite, attacks=(replace(attack, recipe=Asking()),))
        return SearchesHere(Generator(suite, ("cat", "dog")), Photographs(), [PREPROCESS])

    return made


def test_no_more_searches_are_begun_than_a_batch_has_room_for(
    asking: Callable[..., SearchesHere],
) -> None:
    begun: list[int] = []
    ended: list[int] = []
    most = 0

    def first() -> list[Image.Image]:
        begun.append(1)
        return [photograph(SIDE)]

    class Watching(ByBrightness):
        def probabilities(self, inputs: Inputs) -> Probabilities:
            nonlocal most
            most = max(most, len(begun) - len(ended))
            return super().probabilities(inputs)

    def last() -> list[Image.Image]:
        ended.append(1)
        return [photograph(SIDE)]

    searches = asking(first, [photograph(SIDE)], last)
    assert len(in_step(searches, tasks(8) * 6, Watching(8))) == 48
    assert most <= 9


def test_every_picture_asked_about_is_a_query(asking: Callable[..., SearchesHere]) -> None:
    picture = photograph(SIDE)
    (found,) = in_step(asking([picture], [picture] * 3), tasks(1), ByBrightness())
    assert found.made.facts["queries"] == 4


WRONG = {
    "a picture": photograph(SIDE),
    "no pictures": [],
    "text": ["no picture"],
    "of another size": [photograph(SIDE + 1)],
    "grey": [photograph(SIDE).convert("L")],
}


@pytest.mark.parametrize("question", WRONG.values(), ids=WRONG)
def test_a_search_that_asks_about_no_pictures_is_told_so(
    question: object, asking: Callable[..., SearchesHere]
) -> None:
    with pytest.raises(UserError, match=r"recipe asking on sample '0\.png': its search asks about"):
        in_step(asking(question), tasks(1), ByBrightness())


@pytest.fixture
def elsewhere() -> Iterator[Callable[[SearchesHere], Searches]]:
    """The same searches, drawn by two processes, which end with the test."""
    made: list[SearchesElsewhere] = []

    def of(searches: SearchesHere) -> Searches:
        made.append(SearchesElsewhere(searches, 2))
        return made[-1]

    yield of
    for one in made:
        one.close()


def test_other_processes_find_the_same(elsewhere: Callable[[SearchesHere], Searches]) -> None:
    here = searches_of(*SEARCHES)
    for batch_size in (1, 7, 64):
        found = in_step(elsewhere(here), tasks(COUNT, 2), ByBrightness(batch_size))
        assert told(found) == told(in_step(here, tasks(COUNT, 2), ByBrightness(batch_size)))


def test_processes_draw_some_searches_while_the_model_answers_others(
    elsewhere: Callable[[SearchesHere], Searches],
) -> None:
    model = ByBrightness(64)
    in_step(elsewhere(searches_of("smallest-flip(steps=4)")), tasks(COUNT), model)
    assert max(model.passes) == COUNT // 2


def test_what_breaks_in_another_process_is_said_in_this_one(
    asking: Callable[..., SearchesHere], elsewhere: Callable[[SearchesHere], Searches]
) -> None:
    with pytest.raises(UserError, match=r"recipe asking on sample '0\.png': its search asks about"):
        in_step(elsewhere(asking([])), tasks(1), ByBrightness())


def test_a_process_that_dies_ends_the_run_in_words(
    asking: Callable[..., SearchesHere], elsewhere: Callable[[SearchesHere], Searches]
) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RunFailure, match=r"died \(exit code -9\); what is finished is kept"):
        in_step(elsewhere(asking(die)), tasks(1), ByBrightness())


class Breaks:
    """What no other process can make of its pickle."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


class OwnError(UserError):
    """A plugin's, which pickle cannot make again."""

    def __init__(self, one: str, another: str) -> None:
        super().__init__(one + another)


@pytest.mark.parametrize(
    ("answer", "raised", "told"),
    [
        (OwnError("lost, ", "and found"), UserError, "lost, and found"),
        (RunFailure("cannot be read"), RunFailure, "cannot be read"),
        (ZeroDivisionError("nothing"), RunFailure, r"broke \(ZeroDivisionError: nothing\)"),
        (Breaks(), RunFailure, r"broke \(ValueError: "),
    ],
)
def test_what_goes_wrong_in_another_process_ends_the_run_in_words(
    answer: object,
    raised: type[Exception],
    told: str,
    elsewhere: Callable[[SearchesHere], Searches],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def step(self: SearchesHere, number: int, turn: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(SearchesHere, "step", step)
    with pytest.raises(raised, match=told):
        in_step(elsewhere(searches_of("worst-of(2)")), tasks(1), ByBrightness())


ORPHANS = """
import os, sys, time
from tests.runner.test_search import searches_of, tasks
from typoattack.runner.search_processes import SearchesElsewhere

searches = SearchesElsewhere(searches_of("worst-of(300)"), 2)  # an answer that fills a pipe
print(*(one._process.pid for one in searches._processes), flush=True)
for number, task in enumerate(tasks(8)):
    searches.begin(number, task)
time.sleep(60)
"""


def test_processes_end_with_a_run_that_is_killed() -> None:
    run = subprocess.Popen([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    pids = [int(pid) for pid in run.stdout.readline().split()]
    time.sleep(0.5)  # they draw by now
    run.kill()
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while alive := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < until, alive
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    """Whether a process is there, and is not one that waits to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_processes_end_with_the_run() -> None:
    searches = SearchesElsewhere(searches_of("worst-of(2)"), 2)
    with closing(searches):
        processes = [one._process for one in searches._processes]
        assert all(process.is_alive() for process in processes)
    assert not any(process.is_alive() for process in processes)


def test_a_photograph_that_broke_while_the_run_went_on_is_named() -> None:
    class Broken(Photographs):
        def __getitem__(self, index: int) -> Sample:
            return Sample("b.png", lambda: decode(b"no picture"), 0)

    generator = searches_of("worst-of(2)")._generator
    searches = SearchesHere(generator, Broken(), [PREPROCESS])
    with pytest.raises(RunFailure, match=r"'b\.png' changed while the run went on"):
        in_step(searches, tasks(1), ByBrightness())


def test_pictures_of_noise_are_kept_as_they_are() -> None:
    assert decode(as_png(noise(3))).tobytes() == noise(3).tobytes()
