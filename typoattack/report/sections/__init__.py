"""The sections of the page: one file each, found by themselves.

Importing this package registers every section that comes with typoattack.
"""

import importlib
import pkgutil

for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")
