"""From names to recipes: recipe strings, and recipes of plugin files and installed packages."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from typoattack.core.call import Call, literal, parse_call
from typoattack.core.errors import UserError
from typoattack.core.part import make, whose
from typoattack.core.registry import Registry
from typoattack.recipes.base import RECIPES, Recipe, RecipeBase

R = TypeVar("R", bound=RecipeBase)

GROUP = "typoattack.recipes"
"""The entry point group; each entry names a module whose import registers recipes."""


def parse_recipe(text: str) -> Recipe:
    """The recipe that `text` names, such as `handwritten-note(size=0.35, ink="blue")`.

    Raises:
        UserError: for a name, parameter or value that is not understood, with the text and the
            place; and for `as-given`, whose pictures come with a data set.
    """
    made = parse_any(text)
    if not isinstance(made, Recipe):
        raise UserError(
            f"recipe {made}: its pictures come with the data set; there is nothing to draw"
        )
    return made


def parse_any(text: str) -> RecipeBase:
    """The recipe that `text` names, drawn or given; see `parse_recipe`."""
    return _resolved(parse_call(text, "recipe"))


def build_recipe(made_from: type[R], positional: Sequence[Any], named: Mapping[str, Any]) -> R:
    """`made_from(*positional, **named)`; recipe strings among the values are parsed.

    Raises:
        UserError: for an unknown parameter, too many, a missing one, or a wrong value.
    """
    cls: Any = made_from
    nested = _recipe_parameters(cls)
    parameters = [f.name for f in dataclasses.fields(made_from) if f.init]
    first = [
        parse_any(value) if isinstance(value, str) and name in nested else value
        for name, value in zip_longest(parameters[: len(positional)], positional)
    ]
    others = {
        name: parse_any(value) if isinstance(value, str) and name in nested else value
        for name, value in named.items()
    }
    return make(made_from, Call(made_from.name, tuple(first), others))


@functools.cache
def _recipe_parameters(made_from: Any) -> frozenset[str]:
    """The parameters that are recipes themselves."""
    hints = get_type_hints(made_from)
    return frozenset(
        f.name
        for f in dataclasses.fields(made_from)
        if isinstance(hints[f.name], type) and issubclass(hints[f.name], RecipeBase)
    )


def _resolved(call: Call) -> RecipeBase:
    """The recipe that a call names, the calls among its arguments first looked up likewise."""
    made_from = recipe_named(call.name)
    parameters = [f.name for f in dataclasses.fields(made_from) if f.init]
    for name, value in [*zip(parameters, call.positional, strict=False), *call.named.items()]:
        _refuse_bare_text(made_from, name, value)
    positional = [_value(one) for one in call.positional]
    return build_recipe(made_from, positional, {k: _value(v) for k, v in call.named.items()})


def _refuse_bare_text(made_from: type[RecipeBase], parameter: str, value: Any) -> None:
    """`UserError` for a word without quotes where text is wanted, and no recipe is called so."""
    text = {f.name for f in dataclasses.fields(made_from) if isinstance(f.default, str)}
    if not isinstance(value, Call) or parameter not in text:
        return
    load_entry_points()
    if value.name not in RECIPES:
        raise UserError(
            f"{whose(made_from)}: parameter {parameter!r} is {value.name}; write it in quotes: "
            f"{literal(value.name)}"
        )


def _value(value: Any) -> Any:
    if isinstance(value, Call):
        return _resolved(value)
    return tuple(map(_value, value)) if isinstance(value, tuple) else value


def load_plugin(path: str | Path) -> tuple[str, ...]:
    """Run a Python file that registers recipes or other parts; the names of its recipes.

    The same file is run once a process. It is the user's own code and may do anything.

    Raises:
        UserError: if there is no such file, it raises, or it registers nothing.
    """
    return _loaded(Path(path).expanduser().resolve())


@functools.cache
def _loaded(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise UserError(f"plugin {str(path)!r}: there is no such file")
    # The name is made from the path, so that a worker process gives the module the same one.
    name = f"typoattack_plugin_{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"plugin {str(path)!r}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    before, parts = set(RECIPES), _parts()
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a plugin's `sys.exit` must not end the run as done
        del sys.modules[name]
        raise UserError(
            f"plugin {str(path)!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    added = _added(before, parts, f"plugin {str(path)!r}")
    for recipe_name in added:
        RECIPES[recipe_name].plugin = str(path)
        RECIPES[recipe_name].unpickle = functools.partial(_from_plugin, str(path))
    return added


def _from_plugin(path: str, name: str, values: Mapping[str, Any]) -> RecipeBase:
    """What a pickled recipe of a plugin file becomes, also where that was never loaded."""
    load_plugin(path)
    return RECIPES[name](**values)


@functools.cache
def load_entry_points() -> tuple[str, ...]:
    """Import what installed packages offer under `typoattack.recipes`; the names added.

    Raises:
        UserError: if a package's module cannot be imported or registers nothing.
    """
    added: tuple[str, ...] = ()
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda e: e.value):
        before, parts = set(RECIPES), _parts()
        where = f"the entry point {entry.name!r} ({entry.value}) of {GROUP}"
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{where} cannot be loaded: {type(error).__name__}: {error}; "
                "repair or uninstall the package that has it"
            ) from error
        added += _added(before, parts, where)
    return added


def recipe_named(name: str) -> type[RecipeBase]:
    """The recipe called `name`; installed packages are looked through if nothing here is.

    Raises:
        UserError: if there is none, or a package cannot be loaded.
    """
    if name not in RECIPES:
        load_entry_points()
    return RECIPES[name]


def _parts() -> int:
    """How many parts of any kind are registered."""
    return sum(len(registry) for registry in Registry.everywhere)


def _added(before: set[str], parts: int, who: str) -> tuple[str, ...]:
    """The recipes that came; `UserError` if no part of any kind did."""
    if _parts() == parts:
        raise UserError(f"{who} registers nothing; decorate a class with @recipe(...)")
    return tuple(name for name in RECIPES if name not in before)
