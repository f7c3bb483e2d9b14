"""One line of a suite: a recipe with its words, and the controls that stand beside it."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from typoattack.core.errors import UserError
from typoattack.recipes import (
    RECIPES,
    AsGiven,
    Control,
    Recipe,
    RecipeBase,
    SearchRecipe,
    build_recipe,
    parse_any,
)
from typoattack.words import parse_words


@dataclass(frozen=True, slots=True)
class Attack:
    """One line of a suite: a recipe and where its words come from.

    Attributes:
        recipe: what makes its pictures.
        words: the word source's spec.
        label: how predictions name the pair: the recipe, and ` @ words` where the words are
            neither the suite's nor the recipe's own.
        control_of: the label of the attack whose geometry a control has; empty for an attack.
    """

    recipe: RecipeBase
    words: str
    label: str
    control_of: str = ""

    @property
    def control(self) -> str:
        """The kind of control (`blank`, `true`, …); empty for an attack."""
        return self.recipe.kind if isinstance(self.recipe, Control) else ""

    @property
    def given(self) -> str:
        """Which of the data set's own attacked pictures it takes; empty where it draws."""
        return self.recipe.variant if isinstance(self.recipe, AsGiven) else ""

    @property
    def drawn(self) -> Recipe | None:
        """What draws its pictures without asking a model; None where they are given or searched."""
        recipe = self.recipe
        return recipe if isinstance(recipe, Recipe) and not recipe.most_queries else None

    @property
    def search(self) -> SearchRecipe | None:
        """What finds its pictures by asking a model; None where nothing is asked."""
        return self.recipe if isinstance(self.recipe, SearchRecipe) else None


def make_attack(recipe: RecipeBase, words: str, default: str) -> Attack:
    """Pair a recipe with its words: those given, else its own, else the suite's default.

    A control of kind `true` always writes the true class; every other control is called with
    the word of the attack that it belongs to.
    """
    suffix = f" @ {words}" if words and words != default else ""
    chosen = "true" if recipe.words == "true" else words or recipe.words or default
    parse_words(chosen)
    base = f"{recipe.recipe}{suffix}" if isinstance(recipe, Control) else ""
    return Attack(recipe, chosen, f"{recipe}{suffix}", base)


def split_label(text: str) -> tuple[RecipeBase, str]:
    """The recipe and the word source that `recipe @ words` names; no words: an empty string.

    Raises:
        UserError: if either is missing or not understood.
    """
    name, at, words = text.partition(" @ ")
    if at and not words.strip():
        raise UserError(f"recipe {text!r}: name a word source after '@'")
    return parse_any(name), words.strip()


def with_controls(
    recipe: RecipeBase, words: str, default: str, controls: Sequence[str]
) -> Iterable[Attack]:
    """The attack of a recipe, and its controls of each kind; a control or a search has none.

    Args:
        recipe: what is drawn.
        words: the word source of the suite's line; empty for the recipe's own or the default.
        default: the suite's word source.
        controls: kinds of control.
    """
    attack = make_attack(recipe, words, default)
    yield attack
    if attack.drawn is not None and recipe.family == "attack":
        for kind in dict.fromkeys(_telling(attack.drawn, kind) for kind in controls):
            yield make_attack(_control(attack.drawn, kind), words, default)


def _telling(recipe: Recipe, kind: str) -> str:
    """The kind of control that tells what `kind` is to tell.

    Where there is no surface, the picture without a word is the clean photograph: what the letters
    cover is told by the same ink that cannot be read, the word mirrored.
    """
    return "mirrored" if kind == "blank" and recipe.bare else kind


def _control(recipe: Recipe, kind: str) -> RecipeBase:
    """The control of `recipe`, by its own name where it has one (`blank-label`)."""
    control = build_recipe(Control, [recipe, kind], {})
    return _named_controls(len(RECIPES)).get(control, control)


@functools.cache
def _named_controls(_: int) -> dict[Control, Control]:
    """Controls with a name of their own, by the same control without; for a number of recipes."""
    named = [
        made_from()  # type: ignore[call-arg]
        for made_from in RECIPES.values()
        if issubclass(made_from, Control) and made_from is not Control
    ]
    return {Control(one.recipe, one.kind): one for one in named}
