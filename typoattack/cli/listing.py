"""What `typoattack list` shows of each kind of part."""

import inspect
from collections.abc import Callable, Iterable
from typing import NamedTuple

from typoattack.core.part import allowed
from typoattack.core.registry import Registry
from typoattack.drawing.fonts import families
from typoattack.factory import MODELS
from typoattack.recipes import RECIPES
from typoattack.recipes.registry import load_entry_points, recipe_named
from typoattack.samples import DATASETS
from typoattack.suite import list_suites, load_suite
from typoattack.words import WORDS

Row = tuple[str, ...]


class Listing(NamedTuple):
    """A table of parts: its column heads, its rows when asked, and what such a part is."""

    columns: Row
    rows: Callable[[], Iterable[Row]]
    meant: str


def describe_recipe(name: str) -> str:
    """A recipe's docstring, source and parameters with their defaults and what they may be."""
    made = recipe_named(name)
    values = "\n".join(f"  {parameter}: {may_be}" for parameter, may_be in allowed(made).items())
    given = inspect.signature(made).parameters.values()
    parameters = ", ".join(
        p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in given
    )
    text = (inspect.getdoc(made) or "").replace("Attributes:", "Parameters:")
    told = f"\n\nValues:\n{values}" if values else ""
    return f"{name}({parameters})\n\n{text}{told}\n\nSource: {made.source}"


def first_line(documented: object) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _recipes() -> Iterable[Row]:
    load_entry_points()
    return [(name, first_line(made), made.source) for name, made in RECIPES.items()]


def _models() -> Iterable[Row]:
    return [(kind.usage, kind.summary) for kind in MODELS.values()]


# Defences, formats and figures are imported when they are listed: what they import (torch, pandas)
# takes seconds, and no other list needs it.
def _defences() -> Iterable[Row]:
    from typoattack.defences import DEFENCES

    return [(name, first_line(made), made.source) for name, made in DEFENCES.items()]


def _suites() -> Iterable[Row]:
    suites = map(load_suite, list_suites())
    return [(suite.name, suite.question, str(suite.passes)) for suite in suites]


def _datasets() -> Iterable[Row]:
    return [(kind.usage, kind.summary) for kind in DATASETS.values()]


def _words() -> Iterable[Row]:
    return [(kind.usage, kind.summary) for kind in WORDS.values()]


def _formats() -> Iterable[Row]:
    from typoattack.export import FORMATS

    return [(name, first_line(write)) for name, write in FORMATS.items()]


def _figures() -> Iterable[Row]:
    from typoattack.metrics.figures import FIGURES

    return [(name, one.meaning, one.more_robust or "") for name, one in FIGURES.items()]


def _fonts() -> Iterable[Row]:
    return [
        (name, one.style, one.look, ", ".join(one.faces), one.licence)
        for name, one in families().items()
    ]


LISTINGS: Registry[Listing] = Registry("kind of part")


def _add(kind: str, columns: Row, rows: Callable[[], Iterable[Row]], meant: str) -> None:
    LISTINGS.add(kind, Listing(columns, rows, meant))


_add(
    "recipes",
    ("recipe", "what it does", "source"),
    _recipes,
    "what is done to a photograph: `--recipe`",
)
_add("models", ("model", "what it is"), _models, "what can be evaluated: `--model`")
_add(
    "defences",
    ("defence", "what it does", "source"),
    _defences,
    "what may stand before a model: `--defence`",
)
_add(
    "suites",
    ("suite", "question", "passes a photograph"),
    _suites,
    "what is run: the first word behind `typoattack run`",
)
_add("datasets", ("dataset", "what it is"), _datasets, "where photographs come from: `--dataset`")
_add(
    "words",
    ("word source", "which word is written"),
    _words,
    "which word is written: `--words`, or behind the `@` of a recipe",
)
_add(
    "formats",
    ("format", "what it writes"),
    _formats,
    "how `typoattack generate` writes a data set: `--format`",
)
_add("figures", ("figure", "what it means", "more robust"), _figures, "what tables and pages say")
_add(
    "fonts",
    ("font", "style", "look", "faces", "licence"),
    _fonts,
    "what words are written in: `font=` of a recipe",
)


def _kinds() -> Iterable[Row]:
    return [(kind, one.meant) for kind, one in LISTINGS.items()]


KINDS = Listing(("kind", "what it is"), _kinds, "what there are lists of")
