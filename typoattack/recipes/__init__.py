"""The attacks: one small file a family; each composes words and drawing and cites its source.

Importing this package registers every recipe that comes with typoattack.
"""

from typoattack.recipes.adaptive import SmallestFlip, WorstOf
from typoattack.recipes.as_given import AsGiven
from typoattack.recipes.azuma2023 import Azuma2023
from typoattack.recipes.base import RECIPES, Attacked, Recipe, recipe
from typoattack.recipes.cao2023 import Cao2023
from typoattack.recipes.composed import Composed
from typoattack.recipes.control import BlankLabel, Control, PseudowordLabel, TrueLabel
from typoattack.recipes.finishes import Blurred, Compressed
from typoattack.recipes.goh2021 import DogPizza, Goh2021
from typoattack.recipes.labels import PrintedLabel, Rotated, Vertical
from typoattack.recipes.notes import AppleIpod, HandwrittenNote, Materzynska2022, Westerhoff2025
from typoattack.recipes.oracle import Oracle, SearchRecipe
from typoattack.recipes.overlays import PlainOverlay, RepeatedOverlay
from typoattack.recipes.scene_sign import SceneSign
from typoattack.recipes.spec import build_recipe, parse_recipe
from typoattack.recipes.spelling import (
    Homoglyph,
    Leet,
    Lower,
    Mirrored,
    Misspelled,
    Negated,
    Reversed,
    Sentence,
    Spaced,
    Symbol,
    Translated,
    Upper,
)
from typoattack.recipes.stroop import StroopSticker
from typoattack.recipes.variation import Respelling, Variation
from typoattack.recipes.visibility import BackgroundText, CaptionBar, Faint, TranslucentWatermark

__all__ = [
    "RECIPES",
    "AppleIpod",
    "AsGiven",
    "Attacked",
    "Azuma2023",
    "BackgroundText",
    "BlankLabel",
    "Blurred",
    "Cao2023",
    "CaptionBar",
    "Composed",
    "Compressed",
    "Control",
    "DogPizza",
    "Faint",
    "Goh2021",
    "HandwrittenNote",
    "Homoglyph",
    "Leet",
    "Lower",
    "Materzynska2022",
    "Mirrored",
    "Misspelled",
    "Negated",
    "Oracle",
    "PlainOverlay",
    "PrintedLabel",
    "PseudowordLabel",
    "Recipe",
    "RepeatedOverlay",
    "Respelling",
    "Reversed",
    "Rotated",
    "SceneSign",
    "SearchRecipe",
    "Sentence",
    "SmallestFlip",
    "Spaced",
    "StroopSticker",
    "Symbol",
    "Translated",
    "TranslucentWatermark",
    "TrueLabel",
    "Upper",
    "Variation",
    "Vertical",
    "Westerhoff2025",
    "WorstOf",
    "build_recipe",
    "parse_recipe",
    "recipe",
]
