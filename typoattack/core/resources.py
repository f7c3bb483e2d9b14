"""Where the data that comes with the package lies, and where what is worth keeping goes.

In an installed wheel `fonts/`, `benchmarks/` and `results/published.csv` are copied into the
package (see `pyproject.toml`); in a checkout they stand at its top.
"""

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).parent.parent
_INSTALLED = _PACKAGE / "_data"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def fonts_dir() -> Path:
    """The folder with one folder a font family, each with its licence."""
    return _ROOT / "fonts"


def suites_dir() -> Path:
    """The folder with the named suites, one YAML file each."""
    return _ROOT / "benchmarks"


def published_csv() -> Path:
    """The table of figures that papers and model cards report."""
    return _ROOT / "results" / "published.csv"


def default_cache_dir() -> Path:
    """`TYPOATTACK_CACHE` if it is set, else the user's cache folder."""
    return Path(os.environ.get("TYPOATTACK_CACHE") or platformdirs.user_cache_dir("typoattack"))
