"""The attacks: one small file a family; each composes words and drawing and cites its source.

Importing this package registers every recipe that comes with typoattack: each module beside this
file is imported, so that a new family is a new file and nothing else.
"""

import importlib
import pkgutil

from typoattack.recipes.as_given import AsGiven
from typoattack.recipes.base import RECIPES, Attacked, Recipe, RecipeBase, recipe
from typoattack.recipes.control import Control
from typoattack.recipes.oracle import Aim, SearchRecipe
from typoattack.recipes.registry import build_recipe, parse_any, parse_recipe

__all__ = [
    "RECIPES",
    "Aim",
    "AsGiven",
    "Attacked",
    "Control",
    "Recipe",
    "RecipeBase",
    "SearchRecipe",
    "build_recipe",
    "parse_any",
    "parse_recipe",
    "recipe",
]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
