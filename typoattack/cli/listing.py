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
    """A table of parts: its column heads, and its rows when asked."""

    columns: Row
    rows: Callable[[], Iterable[Row]]


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

LISTINGS.add("recipes", Listing(("recipe", "what it does", "source"), _recipes))
LISTINGS.add("models", Listing(("model", "what it is"), _models))
LISTINGS.add("defences", Listing(("defence", "what it does", "source"), _defences))
LISTINGS.add("suites", Listing(("suite", "question", "passes a photograph"), _suites))
LISTINGS.add("datasets", Listing(("dataset", "what it is"), _datasets))
LISTINGS.add("words", Listing(("word source", "which word is written"), _words))
LISTINGS.add("formats", Listing(("format", "what it writes"), _formats))
LISTINGS.add("figures", Listing(("figure", "what it means", "more robust"), _figures))
LISTINGS.add("fonts", Listing(("font", "style", "look", "faces", "licence"), _fonts))
