"""Sweeps: one entry of a suite that stands for a recipe with each of several values."""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any, get_origin, get_type_hints

from typoattack.core.errors import UserError
from typoattack.recipes import RECIPES, RecipeBase, build_recipe
from typoattack.suite.attacks import split_label

_MOST_SWEPT = 10_000


def expand(entry: str | Mapping[str, Any]) -> Iterable[tuple[RecipeBase, str]]:
    """The recipes and word specs of one entry, sweeps expanded.

    Args:
        entry: `recipe(param=value) @ words`, or a mapping with `recipe`, optional `words` and
            parameters, where a list sweeps over its values.

    Raises:
        UserError: for an entry that is not understood, or too long a sweep.
    """
    if isinstance(entry, str):
        yield split_label(entry)
        return
    name = entry.get("recipe")
    if not isinstance(name, str):
        raise UserError(f"recipe entry {dict(entry)!r:.200}: needs the key 'recipe' with a name")
    words = entry.get("words", "")
    if not isinstance(words, str):
        raise UserError(f"recipe entry {name!r}: key 'words' must be text, not {words!r}")
    made_from = RECIPES[name]
    given = {str(k): v for k, v in entry.items() if k not in ("recipe", "words")}
    hints = get_type_hints(made_from)
    axes = [
        [(key, _plain(v)) for v in _axis(value, hints.get(key))] for key, value in given.items()
    ]
    count = math.prod(len(axis) for axis in axes)
    if not count:
        raise UserError(f"recipe entry {name!r} sweeps over an empty list; give at least one value")
    if count > _MOST_SWEPT:
        raise UserError(f"recipe entry {name!r} sweeps over {count} recipes; at most {_MOST_SWEPT}")
    for values in itertools.product(*axes):
        yield build_recipe(made_from, [], dict(values)), words


def _axis(value: Any, hint: Any) -> list[Any]:
    """The values that a parameter sweeps over; a list for a list parameter is one value."""
    takes_list = get_origin(hint) is tuple
    if isinstance(value, list) and not (takes_list and not any(isinstance(v, list) for v in value)):
        return value
    return [value]


def _plain(value: Any) -> Any:
    """A YAML value as a recipe's parameter: lists become tuples, recipe strings recipes."""
    if isinstance(value, list):
        return tuple(_plain(part) for part in value)
    return value
