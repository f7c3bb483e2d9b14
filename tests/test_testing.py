"""The conformance check finds each fault and says what to change."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.recipes import Recipe, parse_recipe
from typoattack.recipes.base import Attacked, Share, attacked
from typoattack.recipes.labels import PrintedLabel
from typoattack.testing import CHECKS, RecipeCheckFailed, check_recipe, recipe_outcomes

Draw = Callable[[Image.Image, str, Rng, bool], Attacked]
_GOOD = PrintedLabel()


def good(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    return _GOOD(canvas, word, rng, ink=ink)


def made_with(draw: Draw) -> Recipe:
    """A recipe outside the registry that draws with `draw`."""

    class Faulty(PrintedLabel):
        """A label with a fault."""

        def __call__(
            self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True
        ) -> Attacked:
            return draw(canvas, word, rng, ink)

    return Faulty()


def on_the_canvas(canvas: Image.Image, word: str, _: Rng, ink: bool) -> Attacked:
    before = canvas.copy()
    canvas.paste((255, 0, 0), (0, 0, 9, 9))
    return attacked(before, canvas, word=word, written=word if ink else "", size=0.1 * ink)


def wrong_size(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    drawn = good(canvas, word, rng, ink)
    return replace(drawn, image=drawn.image.resize((100, 100)))


def grey(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    drawn = good(canvas, word, rng, ink)
    return replace(drawn, image=drawn.image.convert("L"))


def small_box(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    drawn = good(canvas, word, rng, ink)
    left, top, right, bottom = drawn.box
    return replace(drawn, box=(left + 1, top, right, bottom))


def wrong_coverage(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    return replace(good(canvas, word, rng, ink), coverage=0.5)


def own_chance() -> Draw:
    counter = itertools.count()

    def draw(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
        drawn = good(canvas, word, rng, ink)
        image = drawn.image.copy()
        image.putpixel((0, 0), (next(counter) % 256, 0, 0))
        return attacked(canvas, image, word=word, written=drawn.written, size=drawn.size)

    return draw


def always_inks(canvas: Image.Image, word: str, rng: Rng, _: bool) -> Attacked:
    return good(canvas, word, rng, True)


def place_after_letters(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    if ink:
        rng.random(3)
    return good(canvas, word, rng, ink)


def other_word(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    return replace(good(canvas, word, rng, ink), word="other")


def fails_on_accents(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    word.encode("ascii")
    return good(canvas, word, rng, ink)


def strange_facts(canvas: Image.Image, word: str, rng: Rng, ink: bool) -> Attacked:
    return replace(good(canvas, word, rng, ink), facts={"where": (1, 2)})


@pytest.mark.parametrize(
    ("draw", "check", "advice"),
    [
        (on_the_canvas, "canvas kept", "canvas.copy()"),
        (wrong_size, "canvas-sized RGB", "canvas.width"),
        (grey, "canvas-sized RGB", "returns L"),
        (small_box, "box and coverage", "outside the box"),
        (wrong_coverage, "box and coverage", "0.5000 as reported"),
        (own_chance(), "same seed, same pixels", "from the `rng`"),
        (always_inks, "blank control", "make it empty"),
        (place_after_letters, "blank control", "before anything that"),
        (other_word, "any word", "give back the word"),
        (fails_on_accents, "any word", "UnicodeEncodeError"),
        (strange_facts, "sizes and shares", "plain values|use text"),
    ],
)
def test_a_fault_is_found_and_explained(draw: Draw, check: str, advice: str) -> None:
    problems = {o.check: o.problem for o in recipe_outcomes(made_with(draw))}
    assert advice.split("|")[-1] in problems[check]
    with pytest.raises(RecipeCheckFailed, match=check):
        check_recipe(made_with(draw))


def test_a_recipe_defined_in_a_function_cannot_be_pickled() -> None:
    problems = {o.check: o.problem for o in recipe_outcomes(made_with(good))}
    assert "Can't" in problems["hashes and pickles"]
    assert not problems["box and coverage"]


def test_a_recipe_without_source_or_docstring_is_told() -> None:
    class Bare(PrintedLabel):
        size: Share = 0.5

    Bare.source, Bare.__doc__ = "", None
    problems = {o.check: o.problem for o in recipe_outcomes(Bare())}
    assert "new here" in problems["source"]
    assert "docstring" in problems["documented"]


def test_a_good_recipe_passes_every_check() -> None:
    outcomes = list(recipe_outcomes("printed-label"))
    assert [o.check for o in outcomes] == list(CHECKS)
    assert not any(o.problem for o in outcomes)
    assert all(o.rule for o in outcomes)
    check_recipe(parse_recipe("handwritten-note"))


@pytest.mark.parametrize(
    ("question", "noted", "advice"),
    [
        ("taste", {}, "nobody knows the question 'taste'"),
        ("ink", {}, "`facts['ink']` is None"),
        ("ink", {"ink": "mauve"}, "one of black, "),
        ("ink", {"ink": "red"}, ""),
    ],
)
def test_a_recipe_that_asks_notes_the_answer(
    question: str, noted: dict[str, str], advice: str
) -> None:
    made = made_with(lambda *given: replace(good(*given), facts=noted))
    type(made).asks = question
    problem = {o.check: o.problem for o in recipe_outcomes(made)}["second question"]
    assert advice in problem if advice else not problem
    assert not {o.check: o.problem for o in recipe_outcomes("stroop-sticker")}["second question"]
