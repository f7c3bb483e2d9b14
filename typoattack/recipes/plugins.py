"""Recipes from elsewhere: a Python file, or an installed package's entry points."""

import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.recipes.base import RECIPES, Recipe

GROUP = "typoattack.recipes"
"""The entry point group; each entry names a module whose import registers recipes."""


def load_plugin(path: str | Path) -> tuple[str, ...]:
    """Run a Python file that registers recipes; the names it added.

    The same file is run once a process. It is the user's own code and may do anything.

    Raises:
        UserError: if there is no such file, it raises, or it registers no recipe.
    """
    return _loaded(Path(path).expanduser().resolve())


@functools.cache
def _loaded(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise UserError(f"plugin {str(path)!r}: there is no such file")
    # The name is made from the path, so that a worker process gives the module the same one.
    name = f"typoattack_plugin_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"plugin {str(path)!r}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    before = set(RECIPES)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a plugin's `sys.exit` must not end the run as done
        del sys.modules[name]
        raise UserError(
            f"plugin {str(path)!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    added = _added(before, f"plugin {str(path)!r}")
    for recipe_name in added:
        RECIPES[recipe_name].plugin = str(path)
    return added


@functools.cache
def load_entry_points() -> tuple[str, ...]:
    """Import what installed packages offer under `typoattack.recipes`; the names added.

    Raises:
        UserError: if a package's module cannot be imported or registers nothing.
    """
    added: tuple[str, ...] = ()
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda e: e.value):
        before = set(RECIPES)
        where = f"the entry point {entry.name!r} ({entry.value}) of {GROUP}"
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{where} cannot be loaded: {type(error).__name__}: {error}; "
                "mend or uninstall the package that has it"
            ) from error
        added += _added(before, where)
    return added


def recipe_named(name: str) -> type[Recipe]:
    """The recipe called `name`; installed packages are looked through if nothing here is.

    Raises:
        UserError: if there is none, or a package cannot be loaded.
    """
    if name not in RECIPES:
        load_entry_points()
    return RECIPES[name]


def _added(before: set[str], who: str) -> tuple[str, ...]:
    added = tuple(name for name in RECIPES if name not in before)
    if not added:
        raise UserError(f"{who} registers no recipe; decorate a class with @recipe(...)")
    return added
