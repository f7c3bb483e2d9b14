"""Searches run side by side: full forward passes, the same finds, bounded memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import noise
from tests.recipes.photographs import photograph
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import Aim, Attacked, SearchRecipe, parse_recipe
from typoattack.recipes.base import attacked
from typoattack.recipes.oracle import Probabilities, Search
from typoattack.runner.draw import Generator
from typoattack.runner.search import begin_search, in_step
from typoattack.samples.base import Sample
from typoattack.suite import parse_suite

SIDE = 48


def by_brightness(images: Sequence[Image.Image]) -> Probabilities:
    """A model that holds bright pictures for the second of two classes."""
    share = np.array([np.asarray(image, float).mean() / 255 for image in images])
    return np.stack([1 - share, share], axis=1).astype(np.float32)


def begun(spec: str, count: int) -> list[Search]:
    recipe = parse_recipe(spec)
    assert isinstance(recipe, SearchRecipe)
    return [
        recipe.search(photograph(SIDE, n), "lemon", stream("search", n), Aim(0, 1))
        for n in range(count)
    ]


@pytest.mark.parametrize("spec", ["worst-of(5)", "smallest-flip(steps=4)"])
@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 7), batch_size=st.integers(1, 20))
def test_what_a_search_finds_depends_on_no_other(spec: str, count: int, batch_size: int) -> None:
    alone = [in_step([one], by_brightness, 1)[0] for one in begun(spec, count)]
    together = in_step(begun(spec, count), by_brightness, batch_size)
    assert [found.image.tobytes() for found in together] == [f.image.tobytes() for f in alone]
    assert [found.facts for found in together] == [found.facts for found in alone]


def test_bisections_of_many_photographs_share_their_forward_passes() -> None:
    passes: list[int] = []

    def ask(images: Sequence[Image.Image]) -> Probabilities:
        passes.append(len(images))
        return np.tile(np.float32([0.1, 0.9]), (len(images), 1))  # all flip, so all take 1 + 4

    in_step(begun("smallest-flip(steps=4)", 32), ask, 16)
    assert passes == [16] * (32 * 5 // 16)


def test_no_more_searches_are_begun_than_a_batch_has_room_for() -> None:
    alive, most = 0, 0

    def one() -> Search:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        canvas = photograph(SIDE)
        for _ in range(3):
            yield [canvas]
        alive -= 1
        return attacked(canvas, canvas, word="w", written="w", size=0.0)

    assert len(in_step((one() for _ in range(50)), by_brightness, 8)) == 50
    assert most <= 9


class Asking(SearchRecipe):
    """A plugin's search that asks about whatever a test wants."""

    name = "asking"
    questions: tuple[object, ...] = ()
    most_queries = 5

    def search(self, canvas: Image.Image, word: str, rng: object, aim: Aim) -> Search:  # type: ignore[override]
        for question in type(self).questions:  # noqa: UP028 (a tuple takes no answers)
            yield question  # type: ignore[misc]
        return attacked(canvas, canvas, word=word, written=word, size=0.0)


def searched(questions: tuple[object, ...], monkeypatch: pytest.MonkeyPatch) -> Attacked:
    monkeypatch.setattr(Asking, "questions", questions)
    suite = parse_suite(
        "question: q\nrecipes: [worst-of]", "s", {"canvas": SIDE, "words": "fixed:iPod"}
    )
    (attack,) = suite.attacks
    attack = replace(attack, recipe=Asking())
    sample = Sample("a.png", lambda: noise(1), 0)
    generator = Generator(suite, ("cat", "dog"))
    canvas = generator.canvas(sample)

    class Model:
        batch_size = 4
        ask = staticmethod(by_brightness)

        @staticmethod
        def class_index(_: str) -> int:
            return -1

    search = begin_search(generator, sample, canvas, attack, 0, Model())  # type: ignore[arg-type]
    assert search is not None
    return in_step([search], by_brightness, 4)[0]


def test_every_picture_asked_about_is_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photograph(SIDE)
    found = searched(([picture], [picture] * 3), monkeypatch)
    assert found.facts["queries"] == 4


WRONG = {
    "a picture": photograph(SIDE),
    "no pictures": [],
    "text": ["no picture"],
    "of another size": [photograph(SIDE + 1)],
    "grey": [photograph(SIDE).convert("L")],
}


@pytest.mark.parametrize("question", WRONG.values(), ids=WRONG)
def test_a_search_that_asks_about_no_pictures_is_told_so(
    question: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"recipe asking on sample 'a\.png': its search asks about"):
        searched((question,), monkeypatch)
