"""What `typoattack list` shows of each kind of part."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from typoattack.core.registry import Registry

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of parts: its column heads, and its rows when asked."""

    columns: Row
    rows: Callable[[], Iterable[Row]]


LISTINGS: Registry[Listing] = Registry("kind of part")


def _listing(name: str, *columns: str) -> Callable[[Callable[[], Iterable[Row]]], None]:
    def add(rows: Callable[[], Iterable[Row]]) -> None:
        LISTINGS.add(name, Listing(columns, rows))

    return add


def first_line(documented: object) -> str:
    """The first line of a part's docstring."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def describe_recipe(name: str) -> str:
    """A recipe's docstring, source and parameters with their defaults."""
    from typoattack.recipes.plugins import recipe_named

    made = recipe_named(name)
    given = inspect.signature(made).parameters.values()
    parameters = ", ".join(
        p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in given
    )
    text = (inspect.getdoc(made) or "").replace("Attributes:", "Parameters:")
    return f"{name}({parameters})\n\n{text}\n\nSource: {made.source}"


@_listing("recipes", "recipe", "what it does", "source")
def _recipes() -> Iterable[Row]:
    from typoattack.recipes import RECIPES
    from typoattack.recipes.plugins import load_entry_points

    load_entry_points()
    return [(name, first_line(made), made.source) for name, made in RECIPES.items()]


@_listing("models", "model", "what it is")
def _models() -> Iterable[Row]:
    from typoattack.models import MODELS

    return [(kind.usage, kind.summary) for kind in MODELS.values()]


@_listing("defences", "defence", "what it does", "source")
def _defences() -> Iterable[Row]:
    from typoattack.defences import DEFENCES

    return [(name, first_line(made), made.source) for name, made in DEFENCES.items()]


@_listing("suites", "suite", "question", "passes a photograph")
def _suites() -> Iterable[Row]:
    from typoattack.suite.suite import list_suites, load_suite

    suites = map(load_suite, list_suites())
    return [(suite.name, suite.question, str(suite.passes)) for suite in suites]


@_listing("datasets", "dataset", "what it is")
def _datasets() -> Iterable[Row]:
    from typoattack.samples import DATASETS

    return [(kind.usage, kind.summary) for kind in DATASETS.values()]


@_listing("words", "word source", "which word is written")
def _words() -> Iterable[Row]:
    from typoattack.words import WORDS

    return [(kind.usage, kind.summary) for kind in WORDS.values()]


@_listing("formats", "format", "what it writes")
def _formats() -> Iterable[Row]:
    from typoattack.export.export import FORMATS

    return [(name, first_line(write)) for name, write in FORMATS.items()]


@_listing("figures", "figure", "what it means", "more robust")
def _figures() -> Iterable[Row]:
    from typoattack.metrics.figures import FIGURES

    return [(name, one.meaning, one.more_robust or "") for name, one in FIGURES.items()]


@_listing("fonts", "font", "style", "look", "faces", "licence")
def _fonts() -> Iterable[Row]:
    from typoattack.drawing.fonts import families

    return [
        (name, one.style, one.look, ", ".join(one.faces), one.licence)
        for name, one in families().items()
    ]
