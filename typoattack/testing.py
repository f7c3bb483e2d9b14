"""The public conformance check for recipes, in the manner of scikit-learn's `check_estimator`.

from typoattack.testing import check_recipe

def test_my_recipe():
    check_recipe("my-recipe(size=0.3)")
"""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng, stream
from typoattack.core.registry import Registry
from typoattack.recipes import Attacked, Recipe, parse_recipe
from typoattack.recipes.base import NOWHERE
from typoattack.task import AUXILIARY

WORDS = ("a", "pizza", "crème brûlée", "German short-haired pointer", "x" * 60)
"""One letter, an everyday word, accents, several words, one long word."""

SIDES = (32, 97, 224, 1024)
"""Canvases in pixels: tiny, odd, usual, large."""

_SIDE = 224


class RecipeCheckFailed(AssertionError):
    """A recipe broke a rule; the message says which, and what to change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found.

    Attributes:
        check: its name.
        rule: what a recipe must do.
        problem: what is wrong and what to change; empty if all is well.
    """

    check: str
    rule: str
    problem: str


CHECKS: Registry[Callable[[Recipe], None]] = Registry("check")
"""Every check by name: a function that raises `RecipeCheckFailed`; its docstring is the rule."""


def check_recipe(recipe: Recipe | str) -> None:
    """Run every check on a recipe.

    Args:
        recipe: a recipe, or a recipe string such as `my-recipe(size=0.3)`.

    Raises:
        RecipeCheckFailed: with every rule that is broken, a line each, and what to change.
        UserError: for a recipe string that cannot be read.
    """
    broken = [o for o in recipe_outcomes(recipe) if o.problem]
    if broken:
        lines = "\n".join(f"- {o.check}: {o.problem}" for o in broken)
        raise RecipeCheckFailed(f"recipe {recipe} breaks {len(broken)} of the rules:\n{lines}")


def recipe_outcomes(recipe: Recipe | str) -> Iterator[Outcome]:
    """The outcome of each check, one after the other, as `typoattack check` shows them."""
    made = parse_recipe(recipe) if isinstance(recipe, str) else recipe
    for name, check in CHECKS.items():
        rule = " ".join((check.__doc__ or "").split())
        yield Outcome(name, rule, _problem(check, made))


def _problem(check: Callable[[Recipe], None], recipe: Recipe) -> str:
    try:
        check(recipe)
    except RecipeCheckFailed as failed:
        return str(failed)
    except Exception as error:  # a check must name the fault of any recipe, whatever it raises
        return (
            f"it raised {type(error).__name__}: {error}; a recipe may raise UserError for a word "
            "that it cannot draw, and nothing else"
        )
    return ""


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise RecipeCheckFailed(problem)


def _photograph(side: int, key: int = 0) -> Image.Image:
    """A picture with shading, edges and grain, the same every time."""
    rng = stream("check", key)
    coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    grain = rng.integers(-8, 9, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(smooth, np.int16) + grain, 0, 255).astype(np.uint8))


def _draw(recipe: Recipe, canvas: Image.Image, word: str, rng: Rng | None = None) -> Attacked:
    return recipe(canvas, word, rng if rng is not None else stream("check", word))


@CHECKS.register("source")
def _cites_a_source(recipe: Recipe) -> None:
    """It says where it comes from: a paper and section, or `new here`."""
    _need(
        bool(recipe.source.strip()),
        'give `@recipe("name", source=...)` the paper and section, or "new here"',
    )


@CHECKS.register("documented")
def _is_documented(recipe: Recipe) -> None:
    """Its docstring begins with a line for `typoattack list recipes`."""
    own = type(recipe).__doc__ or ""
    generated = own.startswith(f"{type(recipe).__name__}(")
    _need(bool(own.strip()) and not generated, "write a docstring: one line of what it draws")


@CHECKS.register("prints and parses")
def _round_trips(recipe: Recipe) -> None:
    """It prints as a recipe string that parses back to an equal recipe."""
    again = parse_recipe(str(recipe))
    _need(
        again == recipe,
        f"{recipe} parses back as {again!r}; keep every parameter a field with a plain value "
        "(number, text, true/false, tuple or recipe)",
    )
    _need(
        again.fingerprint == recipe.fingerprint,
        "the parsed recipe has another fingerprint; parameters must be fields, not attributes",
    )


@CHECKS.register("hashes and pickles")
def _pickles(recipe: Recipe) -> None:
    """It hashes, and survives pickling, which worker processes need."""
    hash(recipe)
    _need(
        pickle.loads(pickle.dumps(recipe)) == recipe,
        "it comes back from pickling unequal; define the class at the top of its module",
    )


@CHECKS.register("canvas kept")
def _keeps_the_canvas(recipe: Recipe) -> None:
    """It leaves the canvas that it is given untouched."""
    canvas = _photograph(_SIDE)
    before = canvas.tobytes()
    drawn = _draw(recipe, canvas, "pizza")
    _need(canvas.tobytes() == before, "it draws on its input; start with `canvas.copy()`")
    _need(drawn.image is not canvas, "it returns its input; return `canvas.copy()` instead")


@CHECKS.register("canvas-sized RGB")
def _returns_canvas_sized_rgb(recipe: Recipe) -> None:
    """The attacked picture is RGB and as large as the canvas, from 32 to 1,024 pixels."""
    for side in SIDES:
        drawn = _draw(recipe, _photograph(side), "pizza")
        _need(
            drawn.image.mode == "RGB" and drawn.image.size == (side, side),
            f"on a canvas of {side} it returns {drawn.image.mode} {drawn.image.size}; "
            "return RGB of the canvas's size, scaling every length with `canvas.width`",
        )


@CHECKS.register("any word")
def _survives_any_word(recipe: Recipe) -> None:
    """It draws one letter, accents, several words and a long word."""
    for word in WORDS:
        for side in (SIDES[0], _SIDE):
            try:
                drawn = _draw(recipe, _photograph(side), word)
            except UserError as error:
                raise RecipeCheckFailed(
                    f"it refuses the word {word!r} on a canvas of {side}: {error}; take a font "
                    "that covers Latin with accents, or a style, and shrink what does not fit"
                ) from None
            _need(
                drawn.word == word,
                f"`Attacked.word` is {drawn.word!r} for {word!r}; give back the word as it came "
                "and say what was drawn in `written`",
            )


@CHECKS.register("box and coverage")
def _reports_what_changed(recipe: Recipe) -> None:
    """Pixels change only inside the box it reports, and as many as its coverage says."""
    for word, side in (("pizza", _SIDE), ("crème brûlée", 97), ("a", 32)):
        canvas = _photograph(side)
        drawn = _draw(recipe, canvas, word)
        changed = (np.asarray(canvas) != np.asarray(drawn.image)).any(axis=2)
        left, top, right, bottom = drawn.box
        inside = np.zeros_like(changed)
        inside[top:bottom, left:right] = True
        outside = int((changed & ~inside).sum())
        _need(
            outside == 0,
            f"{outside} pixels outside the box {drawn.box} differ; build the result with "
            "`attacked(canvas, image, ...)`, which measures box and coverage",
        )
        share = float(changed.mean())
        _need(
            abs(share - drawn.coverage) < 1e-6,
            f"{share:.4f} of the pixels differ, not {drawn.coverage:.4f} as reported; build the "
            "result with `attacked(canvas, image, ...)`",
        )


@CHECKS.register("same seed, same pixels")
def _is_deterministic(recipe: Recipe) -> None:
    """The same canvas, word and stream give the same pixels, whatever was drawn before."""
    canvas = _photograph(_SIDE)
    first = _draw(recipe, canvas, "pizza", stream("check", 1))
    _draw(recipe, _photograph(97, key=1), "crème brûlée", stream("check", 2))
    again = _draw(recipe, canvas, "pizza", stream("check", 1))
    _need(
        first.image.tobytes() == again.image.tobytes() and first.box == again.box,
        "two draws from the same stream differ; take every random number from the `rng` that "
        "is passed in, and keep nothing between calls",
    )


@CHECKS.register("blank control")
def _can_leave_the_letters_out(recipe: Recipe) -> None:
    """With `ink=False` it draws the same surface without letters, and says it wrote nothing."""
    canvas = _photograph(_SIDE)
    full = recipe(canvas, "pizza", stream("check", 3))
    blank = recipe(canvas, "pizza", stream("check", 3), ink=False)
    _need(blank.written == "", f"without ink `written` is {blank.written!r}; make it empty")
    _need(blank.size == 0, f"without ink `size` is {blank.size}; make it 0")
    if full.written:
        _need(
            full.image.tobytes() != blank.image.tobytes(),
            "with and without ink it draws the same; leave the letters out if `ink` is False",
        )
    outside = blank.box != NOWHERE and not _encloses(full.box, blank.box, slack=2)
    _need(
        not outside,
        f"the blank surface lies at {blank.box}, the written one at {full.box}; draw the place "
        "from `rng` before anything that depends on the letters",
    )


def _encloses(
    outer: tuple[int, int, int, int], inner: tuple[int, int, int, int], slack: int
) -> bool:
    return (
        outer[0] - slack <= inner[0]
        and outer[1] - slack <= inner[1]
        and outer[2] + slack >= inner[2]
        and outer[3] + slack >= inner[3]
    )


@CHECKS.register("sizes and shares")
def _reports_sane_numbers(recipe: Recipe) -> None:
    """Coverage and text size are shares between 0 and 1, and facts are plain values."""
    drawn = _draw(recipe, _photograph(_SIDE), "pizza")
    _need(0 <= drawn.coverage <= 1, f"coverage is {drawn.coverage}; it is a share, 0 to 1")
    _need(
        0 <= drawn.size <= 1.5,
        f"size is {drawn.size}; divide the font size in pixels by `canvas.width`",
    )
    for name, value in drawn.facts.items():
        _need(
            isinstance(value, str | int | float | bool),
            f"fact {name!r} is a {type(value).__name__}; use text, numbers or true/false",
        )


@CHECKS.register("second question")
def _notes_the_answer_to_its_question(recipe: Recipe) -> None:
    """If it asks a second question, its facts hold the right answer."""
    if not recipe.asks:
        return
    _need(
        recipe.asks in AUXILIARY,
        f"nobody knows the question {recipe.asks!r}; `asks` is one of "
        f"{', '.join(AUXILIARY)}, or empty",
    )
    answers = AUXILIARY[recipe.asks]().class_names
    noted = _draw(recipe, _photograph(_SIDE), "pizza").facts.get(recipe.asks)
    _need(
        noted in answers,
        f"`facts[{recipe.asks!r}]` is {noted!r}; note the right answer, one of "
        f"{', '.join(answers)}",
    )
