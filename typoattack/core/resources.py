"""Where the data that comes with the package lies.

In an installed wheel `fonts/`, `benchmarks/` and `results/published.csv` are copied into the
package (see `pyproject.toml`); in a checkout they stand at its top.
"""

from pathlib import Path

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
