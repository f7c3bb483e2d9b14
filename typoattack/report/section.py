"""Sections of the page: one file each, with its part of the template beside it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from typoattack.core.registry import Registry
from typoattack.metrics.likeness import Likeness
from typoattack.report.charts.base import Chart
from typoattack.report.gallery import Gallery
from typoattack.report.units import UnitsStudy
from typoattack.report.view import RunView


@dataclass(frozen=True, slots=True)
class ReportData:
    """What sections are built from.

    Attributes:
        view: the run.
        charts: its figures.
        breakdowns: its tables `classes`, `words` and `becomes`.
        gallery: the pictures that the page shows.
        facts: given pictures by what their data set says of them; see `typoattack.metrics.dose`.
        budget: what searches had flipped after so many queries; see `typoattack.metrics.budget`.
        likeness: whether answers switch more where the word is like them.
        study: of units, if there is one in the run's folder.
        home: where the page finds the site that it is part of; empty if it stands alone.
    """

    view: RunView
    charts: Sequence[Chart]
    breakdowns: Mapping[str, pd.DataFrame] = field(repr=False)
    gallery: Gallery = field(repr=False)
    facts: pd.DataFrame = field(repr=False)
    budget: pd.DataFrame = field(repr=False)
    likeness: Sequence[Likeness]
    study: UnitsStudy | None = None
    home: str = ""


Build = Callable[[ReportData], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class PageSection:
    """One section of the page.

    Attributes:
        name: of the section, and the anchor that the navigation leads to.
        order: its place; sections of the same order stand by name.
        build: gives what the template is filled with; None leaves the section out.
        template: Jinja, autoescaped; it also knows `view` and `manifest`.
        navigation: what the navigation at the top calls it; empty if that leaves it out.
        place: where on the page: above the navigation, below it, or at the foot.
    """

    name: str
    order: int
    build: Build
    template: Path
    navigation: str = ""
    place: Literal["header", "main", "footer"] = "main"


SECTIONS: Registry[PageSection] = Registry("section of the page")


def section(
    name: str,
    order: int,
    *,
    navigation: str = "",
    place: Literal["header", "main", "footer"] = "main",
) -> Callable[[Build], Build]:
    """Decorator: register what a function builds as a section of the page; see `PageSection`.

    The template is the file beside the function's own, with the ending `.html`.

    Raises:
        UserError: if there is a section of that name.
    """

    def register(build: Build) -> Build:
        template = Path(inspect.getfile(build)).with_suffix(".html")
        SECTIONS.add(name, PageSection(name, order, build, template, navigation, place))
        return build

    return register


def in_order() -> list[PageSection]:
    """Every section, from the top of the page."""
    return sorted(SECTIONS.values(), key=lambda one: (one.order, one.name))
