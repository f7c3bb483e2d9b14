"""The page: one self-contained HTML file, and the tables and figures beside it."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

import typoattack.report.sections  # noqa: F401 (registers them)
from typoattack.cards.card import build_card, write_card
from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.budget import by_budget
from typoattack.metrics.dose import by_facts
from typoattack.metrics.likeness import likeness, to_frame
from typoattack.report.breakdown import becomes, by_class, by_word
from typoattack.report.charts import charts
from typoattack.report.charts.base import write_charts
from typoattack.report.gallery import build_gallery
from typoattack.report.html import render_file, render_template
from typoattack.report.price import price_frame
from typoattack.report.section import ReportData, in_order
from typoattack.report.tables import write_tables
from typoattack.report.units import explained_rows, read_units
from typoattack.report.view import RunView, task_names

PAGE = "report.html"
FIGURES_FOLDER = "figures"
PRICES = "price.csv"


def write_report(view: RunView, folder: Path, *, seed: int = 0, home: str = "") -> list[Path]:
    """Write the page, the tables and the figures of a run into `folder`.

    Writes `report.html`, `summary.{csv,md,tex}`, `price.csv`, `card.json`, `classes.csv`,
    `words.csv`, `becomes.csv`, where there is something in them `facts.csv`, `budget.csv` and
    `likeness.csv`, and `figures/*.{svg,png}`; each whole or not at all, replacing those of an
    earlier report. A study of units in `folder/units` gets a section, and its flips a line in the
    gallery.

    Args:
        view: the run.
        folder: must exist; the run's own folder, as a rule.
        seed: of the intervals of classes and words, and of the choice of pictures.
        home: where the page finds the site that it is part of; empty if it stands alone.

    Returns:
        The files written, the page first.

    Raises:
        UserError: for a folder that cannot be written.
    """
    data = replace(report_data(view, folder, seed=seed), home=home)
    written = [folder / PAGE, *write_tables(view.summaries, folder)]
    tables = {
        **data.breakdowns,
        "facts": data.facts,
        "budget": data.budget,
        "likeness": to_frame(data.likeness),
    }
    for name, table in tables.items():
        if table.empty and name not in data.breakdowns:
            (folder / f"{name}.csv").unlink(missing_ok=True)  # of an earlier report
            continue
        text = csv_text(table)
        write_whole(folder / f"{name}.csv", text.encode())
        written.append(folder / f"{name}.csv")
    if view.prices:
        write_whole(folder / PRICES, csv_text(price_frame(view.prices)).encode())
        written.append(folder / PRICES)
    else:
        (folder / PRICES).unlink(missing_ok=True)
    written.append(write_card(card_of_view(view), folder))
    written += write_charts(data.charts, folder / FIGURES_FOLDER)
    write_whole(folder / PAGE, render(data).encode("utf-8", "replace"))
    return written


def card_of_view(view: RunView) -> dict[str, Any]:
    """The run's card; see `typoattack.cards.card`."""
    return build_card(
        view.manifest, view.outcomes, view.summaries, view.readings, len(view.skipped), view.by
    )


def report_data(view: RunView, folder: Path, *, seed: int = 0) -> ReportData:
    """What the page and the files beside it show; see `write_report`."""
    main, names = view.main, view.class_names
    study = read_units(folder, view.manifest)
    facts = by_facts(main, seed=seed, by=view.by)
    budget = by_budget(main, seed=seed, by=view.by)
    behind, leading = explained_rows(main, names, study)
    return ReportData(
        view=view,
        charts=charts(
            view.summaries,
            view.outcomes,
            partial(task_names, view.manifest),
            view.prices,
            facts,
            budget,
        ),
        breakdowns={
            "classes": by_class(main, names, seed=seed, by=view.by),
            "words": by_word(main, seed=seed, by=view.by),
            "becomes": becomes(main, names),
        },
        gallery=build_gallery(main, names, view.picture, seed=seed, behind=behind, leading=leading),
        facts=facts,
        budget=budget,
        likeness=likeness(main, names, seed=seed),
        study=study,
    )


def render(data: ReportData) -> str:
    """The page's text."""
    common: dict[str, Any] = {
        "view": data.view,
        "manifest": data.view.manifest,
        "home": data.home,
    }
    shown = []
    for one in in_order():
        filled = one.build(data)
        if filled is not None:
            shown.append((one, Markup(render_file(one.template, **common, **filled))))
    return render_template(PAGE, **common, sections=shown, gallery=data.gallery)
