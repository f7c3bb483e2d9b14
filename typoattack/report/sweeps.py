"""Dose–response: which recipes of a run differ in one number alone."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from typoattack.core.errors import UserError
from typoattack.recipes import Recipe, parse_recipe

LEAST = 3
"""Fewer points than this make no curve."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Recipes that differ in one numeric parameter alone.

    Attributes:
        recipe: the name they share.
        parameter: the one that varies.
        fixed: the other parameters and the word source where they are not the defaults;
            empty if all are.
        points: (value, label in the recipe column), by value.
    """

    recipe: str
    parameter: str
    fixed: str
    points: tuple[tuple[float, str], ...]


def find_sweeps(labels: Iterable[str]) -> list[Sweep]:
    """The sweeps among recipe labels such as `printed-label(size=0.2) @ nearest`.

    A parameter that a label leaves away has its default. Recipes that are not registered here
    (a plugin that is not installed) are left out.
    """
    groups: dict[tuple[object, ...], list[tuple[float, str, Recipe, str]]] = {}
    for label in dict.fromkeys(labels):
        text, _, words = label.partition(" @ ")
        try:
            recipe = parse_recipe(text)
        except UserError:
            continue
        values = {f.name: getattr(recipe, f.name) for f in dataclasses.fields(recipe) if f.init}
        for name, value in values.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                rest = tuple((k, repr(v)) for k, v in values.items() if k != name)
                key = (recipe.name, name, rest, words)
                groups.setdefault(key, []).append((float(value), label, recipe, words))
    return [
        _sweep(str(key[1]), points)
        for key, points in groups.items()
        if len({value for value, *_ in points}) >= LEAST
    ]


def _sweep(parameter: str, points: list[tuple[float, str, Recipe, str]]) -> Sweep:
    _, _, recipe, words = points[0]
    others = [f"{k}={v}" for k, v in recipe.params.items() if k != parameter]
    if words:
        others.append(f"words: {words}")
    ordered = sorted((value, label) for value, label, *_ in points)
    return Sweep(recipe.name, parameter, ", ".join(others), tuple(ordered))
