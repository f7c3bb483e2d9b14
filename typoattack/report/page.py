"""The page: one self-contained HTML file, and the tables and figures beside it."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from typoattack.core.files import write_whole
from typoattack.metrics.figures import FIGURES, RecipeSummary, outcomes, summarise_outcomes
from typoattack.metrics.intervals import RESAMPLES
from typoattack.report.breakdown import becomes, by_class, by_word
from typoattack.report.figures import Chart, charts, inline_svg, write_charts
from typoattack.report.gallery import Gallery, build_gallery
from typoattack.report.html import render_template
from typoattack.report.provenance import provenance
from typoattack.report.sections import breakdown, defences, headline, published, story, unfinished
from typoattack.report.tables import columns, has_dagger, several, write_tables
from typoattack.report.units import UnitsStudy, explained_rows, read_units, units_part
from typoattack.report.view import RunView, task_names

PAGE = "report.html"
FIGURES_FOLDER = "figures"


def write_report(view: RunView, folder: Path, *, seed: int = 0) -> list[Path]:
    """Write the page, the tables and the figures of a run into `folder`.

    Writes `report.html`, `summary.{csv,md,tex}`, `classes.csv`, `words.csv`, `becomes.csv` and
    `figures/*.{svg,png}`; each whole or not at all, replacing those of an earlier report. A study
    of units in `folder/units` gets a section, and its flips a line in the gallery.

    Args:
        view: the run.
        folder: must exist; the run's own folder, as a rule.
        seed: of the bootstrap and of the choice of pictures.

    Returns:
        The files written, the page first.

    Raises:
        UserError: for predictions that no figure can be taken from, or a folder that cannot be
            written.
    """
    counted = outcomes(view.predictions)
    summaries = summarise_outcomes(counted, seed=seed)
    drawn = charts(summaries, counted, partial(task_names, view.manifest))
    main = counted[counted["task"] == view.task]
    breakdowns = {
        "classes": by_class(main, view.class_names, seed=seed),
        "words": by_word(main, seed=seed),
        "becomes": becomes(main, view.class_names),
    }
    study = read_units(folder, view.manifest)
    behind, leading = explained_rows(view.main, view.class_names, study)
    gallery = build_gallery(
        view.main, view.class_names, view.picture, seed=seed, behind=behind, leading=leading
    )
    written = [folder / PAGE, *write_tables(summaries, folder)]
    for name, table in breakdowns.items():
        text = table.to_csv(index=False, lineterminator="\n")
        write_whole(folder / f"{name}.csv", text.encode())
        written.append(folder / f"{name}.csv")
    written += write_charts(drawn, folder / FIGURES_FOLDER)
    html = render(view, summaries, drawn, breakdowns, gallery, study)
    write_whole(folder / PAGE, html.encode("utf-8", "replace"))
    return written


def render(
    view: RunView,
    summaries: Sequence[RecipeSummary],
    drawn: Sequence[Chart],
    breakdowns: Mapping[str, pd.DataFrame],
    gallery: Gallery,
    study: UnitsStudy | None = None,
) -> str:
    """The page's text."""
    definitions = columns(summaries)
    models = view.models
    return render_template(
        "report.html",
        view=view,
        manifest=view.manifest,
        models=models,
        unfinished=unfinished(view),
        stories=[story(view, summaries, model, gallery) for model in models],
        definitions=definitions,
        leading=several(summaries),
        lines=[headline(one, definitions) for one in summaries],
        some_bare=any(has_dagger(s, d) for s in summaries for d in definitions),
        charts=[(chart, Markup(inline_svg(chart))) for chart in drawn],
        breakdowns=[breakdown(name, table, len(models) > 1) for name, table in breakdowns.items()],
        gallery=gallery,
        units=units_part(study, gallery),
        defended=defences(summaries),
        published=[published(model, summaries, view) for model in models],
        meanings=FIGURES,
        provenance=provenance(view.manifest),
        resamples=RESAMPLES,
    )
