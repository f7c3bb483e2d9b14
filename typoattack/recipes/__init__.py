"""The attacks: one small file a family; each composes words and drawing and cites its source.

Importing this package registers every recipe that comes with typoattack.
"""

from typoattack.recipes.as_given import AsGiven
from typoattack.recipes.base import RECIPES, Attacked, Recipe, recipe
from typoattack.recipes.control import BlankLabel, Control, PseudowordLabel, TrueLabel
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.notes import HandwrittenNote
from typoattack.recipes.overlays import PlainOverlay, RepeatedOverlay
from typoattack.recipes.search import Oracle, SearchRecipe
from typoattack.recipes.spec import build_recipe, parse_recipe

__all__ = [
    "RECIPES",
    "AsGiven",
    "Attacked",
    "BlankLabel",
    "Control",
    "HandwrittenNote",
    "Oracle",
    "PlainOverlay",
    "PrintedLabel",
    "PseudowordLabel",
    "Recipe",
    "RepeatedOverlay",
    "SearchRecipe",
    "TrueLabel",
    "build_recipe",
    "parse_recipe",
    "recipe",
]
