"""Searches find what they look for in a model that can be looked through, and count queries."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import photograph
from tests.recipes.searches import answered
from typoattack.core.randomness import stream
from typoattack.recipes import Aim, Attacked, Recipe, parse_recipe
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.word_search import WordScore, search_words

LABEL, TARGET = 0, 1


class InkMeter:
    """A stand-in for a model: the more pixels differ from the canvas, the surer of the target."""

    def __init__(self, canvas: Image.Image, flips_at: float) -> None:
        self._canvas, self._flips_at = np.asarray(canvas, int), flips_at
        self.batches: list[int] = []

    def __call__(self, images: Sequence[Image.Image]) -> Probabilities:
        self.batches.append(len(images))
        shares = [(np.asarray(i, int) != self._canvas).any(axis=2).mean() for i in images]
        wrong = np.clip(np.asarray(shares) / self._flips_at / 2, 0, 1)
        return np.stack([1 - wrong, wrong], axis=1).astype(np.float32)


def search(spec: str, flips_at: float) -> tuple[Attacked, InkMeter]:
    canvas = photograph()
    meter = InkMeter(canvas, flips_at)
    recipe = parse_recipe(spec)
    begun = recipe.search(canvas, "lemon", stream("search"), Aim(LABEL, TARGET))
    return answered(begun, meter), meter


def test_worst_of_keeps_the_draw_that_hurts_most() -> None:
    found, meter = search("worst-of(6, handwritten-note)", 0.3)
    assert meter.batches == [6]
    best = meter([found.image])[0, LABEL]
    for seed in range(6):
        single, one = search(f"worst-of({seed + 1}, handwritten-note)", 0.3)
        assert one([single.image])[0, LABEL] >= best


def test_more_draws_are_never_worse_and_begin_with_the_same() -> None:
    first = search("worst-of(1, handwritten-note)", 0.3)[0]
    assert first.facts["draw"] == 0
    assert search("worst-of(5, handwritten-note)", 0.3)[0].facts["spread"] > 0


def test_smallest_flip_finds_the_size_at_which_the_answer_turns() -> None:
    recipe = "smallest-flip(printed-label, steps=10)"
    found, meter = search(recipe, 0.05)
    assert found.facts["flipped"] is True
    assert sum(meter.batches) == 11
    # A label of width s and aspect 0.3 covers 0.3 s² of the canvas.
    assert found.facts["flip_size"] == pytest.approx((0.05 / 0.3) ** 0.5, rel=0.03)
    assert found.coverage == pytest.approx(0.05, rel=0.06)


def test_smallest_flip_says_when_nothing_flips() -> None:
    found, meter = search("smallest-flip(printed-label, most=0.4)", 0.9)
    assert found.facts["flipped"] is False
    assert found.facts["flip_size"] == 0.4
    assert meter.batches == [1]


def test_smallest_flip_keeps_the_place_of_its_streams() -> None:
    one = search("smallest-flip(printed-label)", 0.05)[0]
    again = search("smallest-flip(printed-label)", 0.05)[0]
    assert one.image.tobytes() == again.image.tobytes()


@pytest.mark.parametrize("spec", ["worst-of(9)", "smallest-flip(steps=5)"])
def test_no_search_asks_more_than_it_says(spec: str) -> None:
    _, meter = search(spec, 0.02)
    assert sum(meter.batches) <= parse_recipe(spec).most_queries


def test_a_search_writes_the_words_of_its_base() -> None:
    assert parse_recipe("worst-of(3, apple-ipod)").words == "fixed:iPod"


def test_word_search_ranks_the_strings_by_how_often_they_succeed() -> None:
    canvases = [(f"photo-{i}", photograph(128, i)) for i in range(3)]
    recipe: Recipe = parse_recipe("plain-overlay(size=0.9)")
    heard: list[WordScore] = []

    def ask(images: Sequence[Image.Image]) -> Probabilities:
        shares = [
            (np.asarray(image, int) != np.asarray(canvas, int)).any(axis=2).mean()
            for image, (_, canvas) in zip(images, canvases, strict=True)
        ]
        wrong = np.clip(np.asarray(shares) * 6, 0, 1)
        return np.stack([1 - wrong, wrong], axis=1).astype(np.float32)

    words = ["i", "mm", "i", "lemon"]
    ranked = search_words(words, canvases, 1, recipe, ask, progress=heard.append)
    assert [score.word for score in ranked] == ["lemon", "mm", "i"]
    assert sum(score.queries for score in ranked) == 3 * 3
    assert [score.word for score in heard] == ["i", "mm", "lemon"]
    assert ranked == search_words(words[::-1], canvases, 1, recipe, ask)
