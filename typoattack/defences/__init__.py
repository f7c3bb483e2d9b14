"""Wrappers that make a model harder to fool: one file each, found by themselves."""

import importlib
import pkgutil

from typoattack.defences.base import DEFENCES, Defence, defence

__all__ = ["DEFENCES", "Defence", "defence"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
