"""What the patches of attacked pictures say: table, CSV, and a page with heat maps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.dense import OUTSIDE, Dense, dense_figures, dense_rows, headline
from typoattack.metrics.intervals import Figure
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.report.tables import NONE, minus, percent, plain_table
from typoattack.runner.dense import Seen

SHOWN = 4
"""Attacked pictures of a model with heat maps on the page, each of another photograph."""

_SIDE = 224

_STRONGEST = 0.7
"""How opaque the patch is that leans farthest: the picture below is still to be seen."""


@dataclass(frozen=True, slots=True)
class Densely:
    """What was found.

    Attributes:
        suite: the suite's name.
        dataset: whose photographs.
        licence: of these.
        figures: a line a (model, recipe, measure, part).
        rows: a line a photograph besides.
        shown: some of the attacked pictures.
    """

    suite: str
    dataset: str
    licence: str
    figures: tuple[Dense, ...]
    rows: pd.DataFrame = field(repr=False)
    shown: tuple[Seen, ...] = field(repr=False)


def collect(
    suite: str, dataset: str, licence: str, seen: Iterable[Seen], by: str = AUTO
) -> Densely:
    """Figures of all that was seen, and the first pictures of the first photographs to show."""
    rows: list[dict[str, object]] = []
    shown: dict[tuple[str, str], Seen] = {}
    for one in seen:
        rows += dense_rows(one)
        if sum(model == one.model for model, _ in shown) < SHOWN:
            shown.setdefault((one.model, one.sample), one)
    table: pd.DataFrame = pd.DataFrame(rows)
    figures = tuple(dense_figures(table, by)) if rows else ()
    return Densely(suite, dataset, licence, figures, table, tuple(shown.values()))


def tell_dense(found: Densely) -> list[str]:
    """For each model whether the word is said away from where it stands, in a sentence."""
    models = dict.fromkeys(one.model for one in found.figures)
    if not models:
        return ["No photograph was attacked."]
    return [_told(model, headline(found.figures, model)) for model in models]


def _told(model: str, both: Sequence[Dense]) -> str:
    if not both:
        return f"{model}: no patch lies outside of what was changed."
    told = [f"{one.measure} {_gap(one)}" for one in both]
    sure = [one.measure for one in both if one.shown]
    verdict = (
        f"The word changes answers away from where it stands ({', '.join(sure)})."
        if sure
        else "That the word changes answers away from where it stands is not shown."
    )
    recipe = both[0].recipe
    return f"{model} under {recipe}, outside of what was changed: {'; '.join(told)}. {verdict}"


def _gap(one: Dense) -> str:
    """The shares of patches, and what the word changes, against the control where there is one."""
    told = f"{percent(one.clean.value)} of patches while clean, {percent(one.attacked.value)} with"
    if not one.reading:
        return f"{told} the word, {_points(one.change)}"
    control = percent(one.control.value)
    return f"{told} the word, {control} on the control, {_points(one.reading)} more than there"


def _points(one: Figure) -> str:
    return minus(f"{100 * one.value:+.1f} pp [{100 * one.low:.1f}, {100 * one.high:.1f}]")


_HEADS = ("patches", "of", "clean", "attacked", "control", "attacked − clean", "attacked − control")


def _cells(one: Dense) -> list[str]:
    shares = [percent(each.value) if each else NONE for each in (one.clean, one.attacked)]
    control = percent(one.control.value) if one.control else NONE
    gaps = [_points(each) if each else NONE for each in (one.change, one.reading)]
    return [one.part, one.measure, *shares, control, *gaps]


def terminal_dense(found: Densely) -> Table:
    """The figures for the terminal."""
    table = plain_table(
        "What share of patches says the written word?",
        "inside: patches that touch what was changed; 95 % intervals; pp: percentage points",
    )
    several = len({one.model for one in found.figures}) > 1
    for head in ("model",) * several + ("recipe", *_HEADS):
        left = head in ("model", "recipe", "patches", "of")
        table.add_column(head, overflow="fold", justify="left" if left else "right")
    for one in found.figures:
        names = [one.model] * several + [one.recipe]
        table.add_row(*(Text(cell.replace(" [", "\n[")) for cell in (*names, *_cells(one))))
    return table


def dense_frame(found: Densely) -> pd.DataFrame:
    """A line a (model, recipe, measure, part), unrounded."""
    lines = []
    for one in found.figures:
        line: dict[str, Any] = {
            "model": one.model,
            "recipe": one.recipe,
            "part": one.part,
            "measure": one.measure,
            "photographs": one.change.n,
        }
        for name in ("clean", "attacked", "control", "change", "reading"):
            figure: Figure = getattr(one, name)
            line |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        line |= {"p": one.p, "p_holm": one.p_holm}
        lines.append(line)
    frame: pd.DataFrame = pd.DataFrame(lines)
    return frame


def write_dense(
    found: Densely, folder: Path, provenance: Sequence[tuple[str, str]] = ()
) -> list[Path]:
    """Write `dense.csv` (figures), `photographs.csv` (a line a photograph) and `dense.html`.

    Args:
        found: what was found.
        folder: made if it isn't there.
        provenance: (name, text) lines for the foot of the page, of `report.provenance`.

    Raises:
        UserError: if the folder cannot be made or written.
    """
    make_folder(folder)
    page = render_template(
        "dense.html",
        found=found,
        story=tell_dense(found),
        heads=_HEADS,
        lines=[(one, _cells(one)) for one in found.figures],
        several=len({one.model for one in found.figures}) > 1,
        outside=OUTSIDE,
        pictures=[(one, _farthest(one), list(_maps(one))) for one in found.shown],
        strongest=_STRONGEST,
        provenance=provenance,
    )
    texts = {
        "dense.csv": csv_text(dense_frame(found)),
        "photographs.csv": csv_text(found.rows),
        "dense.html": page,
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / name for name in texts]


def _farthest(one: Seen) -> float:
    """The largest difference of cosines in the maps of a picture; all of them are drawn by it."""
    return max(float(np.abs(lean).max()) for lean in one.lean.values())


def _maps(one: Seen) -> Iterator[Mapping[str, Any]]:
    """Each picture with its heat map: how far each patch leans to the word, alike for all."""
    most = _farthest(one) or 1.0
    for name, image in one.pictures.items():
        lean, says = one.lean[name], one.says[name]
        rows, columns = lean.shape
        yield {
            "name": name,
            "image": data_uri(image, _SIDE),
            "rows": rows,
            "columns": columns,
            "says": int(says.sum()),
            "cells": [
                {
                    "x": column,
                    "y": row,
                    "word": bool(lean[row, column] > 0),
                    "strength": round(abs(float(lean[row, column])) / most, 2),
                    "says": bool(says[row, column]),
                    "lean": float(lean[row, column]),
                }
                for row in range(rows)
                for column in range(columns)
            ],
        }
