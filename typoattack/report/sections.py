"""The parts of the page, as plain values for its template."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from typoattack.metrics.defences import defence_table
from typoattack.metrics.figures import FIGURES, Definition, RecipeSummary
from typoattack.metrics.published import of_model, read_published
from typoattack.metrics.stroop import interference
from typoattack.report.gallery import Gallery
from typoattack.report.story import model_notes, strongest, tell, tell_stroop
from typoattack.report.tables import has_dagger, shown, shown_interval
from typoattack.report.view import RunView
from typoattack.results.schema import CLEAN

MOST_LINES = 3000
"""Lines of a breakdown on the page at most; the CSV beside it has them all."""


def story(
    view: RunView, summaries: Sequence[RecipeSummary], model: str, gallery: Gallery
) -> dict[str, Any]:
    """What stands at the top for one model: sentences, notes, and a telling pair of pictures."""
    mine = [s for s in summaries if (s.model, s.task) == (model, view.task)]
    entry = next(m for m in view.manifest["models"] if m["name"] == model)
    worst = strongest(mine)
    return {
        "model": model,
        "sentences": tell(mine) + stroop_sentences(view.predictions, model),
        "notes": model_notes(entry),
        "pair": _pair(gallery, model, worst.recipe if worst else ""),
    }


def stroop_sentences(predictions: pd.DataFrame, model: str) -> list[str]:
    """What colour words do to the answers about their ink; nothing if that was not asked."""
    return [tell_stroop(one) for one in interference(predictions) if one.model == model]


def unfinished(view: RunView) -> str:
    """A sentence where predictions of planned photographs are missing; empty if none are."""
    planned = view.manifest.get("planned")
    done = view.predictions["sample"].nunique() + len(view.skipped)
    if planned is None or done >= planned:
        return ""
    return (
        f"This run is not finished: {done:,} of {planned:,} photographs are done. "
        "Repeat its command to go on."
    )


def _pair(gallery: Gallery, model: str, recipe: str) -> dict[str, Any] | None:
    """A picture on which the attack did what it set out to do, if the gallery has one."""
    rows = [
        row
        for row in gallery.data["rows"]
        if row["model"] == model
        and row["family"] == "attack"
        and row["before"]
        and row["before"][0][0] == row["label"] != row["after"][0][0]
    ]
    rows.sort(key=lambda r: (r["recipe"] != recipe, r["after"][0][0] != r["target"]))
    if not rows:
        return None
    row, names = rows[0], gallery.data["classes"]
    before, after = (gallery.data["pictures"][i] for i in row["images"])
    return {
        "id": row["id"],
        "before": before,
        "after": after,
        "recipe": row["recipe"],
        "written": row["written"],
        "answers": [(names[str(top[0][0])], top[0][1]) for top in (row["before"], row["after"])],
    }


def headline(one: RecipeSummary, definitions: Sequence[Definition]) -> dict[str, Any]:
    """One line of the headline table."""
    cells = []
    for d in definitions:
        figure = one.figure(d.name)
        low, high = d.bounds or (-1.0, 1.0)
        cells.append(
            {
                "title": d.title,
                "value": shown(figure, d),
                "interval": shown_interval(figure, d),
                "sort": figure.value if figure else "",
                "n": figure.n,
                "bar": [100 * (x - low) / (high - low) for x in (figure.low, figure.high)],
                "at": 100 * (figure.value - low) / (high - low),
                "zero": 100 * (0 - low) / (high - low),
                "dagger": has_dagger(one, d),
            }
        )
    counts = str(one.samples) if one.family == CLEAN else f"{one.flip_rate.n} of {one.samples}"
    return {"summary": one, "counts": counts, "cells": cells}


_BREAKDOWNS = {
    "classes": (
        "The most vulnerable classes",
        "How often photographs of each class flip, over all attacks. Ordered by the lower end of "
        "the interval, so that a class seen once does not lead.",
    ),
    "words": (
        "The most powerful words",
        "How often each word flips the photographs it is written on, over all attacks; ordered "
        "likewise.",
    ),
    "becomes": (
        "What answers become",
        "The true class, what flipped photographs are called instead, how many, and on how many "
        "of these that name was written.",
    ),
}
_HEADS = {
    "model": "Model",
    "class": "Class",
    "word": "Word",
    "answer": "Answer instead",
    "flip_rate": "Flip rate",
    "targeted_success": "Targeted success",
    "photographs": "Photographs",
    "pictures": "Pictures",
    "written": "Was written",
}


def breakdown(name: str, table: pd.DataFrame, with_model: bool) -> dict[str, Any]:
    """A breakdown for the page: heads, and cells as (text, interval, sort key)."""
    title, caption = _BREAKDOWNS[name]
    heads = [c for c in _HEADS if c in table and (c != "model" or with_model)]
    definitions = {d.name: d for d in FIGURES}
    most = MOST_LINES // max(1, table["model"].nunique())
    lines = []
    for row in table.groupby("model").head(most).to_dict("records"):
        cells = []
        for head in heads:
            value = row[head]
            if head in definitions:
                cells.append(_share_cell(row, head))
            else:
                cells.append((str(value), "", value if isinstance(value, int) else ""))
        lines.append(cells)
    numeric = [h in definitions or h in ("photographs", "pictures", "written") for h in heads]
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "heads": list(zip([_HEADS[h] for h in heads], numeric, strict=True)),
        "lines": lines,
        "total": len(table),
    }


def _share_cell(row: Mapping[Any, Any], name: str) -> tuple[str, str, Any]:
    value, low, high = (row[f"{name}{part}"] for part in ("", "_low", "_high"))
    if value != value:
        return ("–", "", "")
    return (f"{100 * value:.0f} %", f"[{100 * low:.0f}, {100 * high:.0f}]", value)


def defences(summaries: Sequence[RecipeSummary]) -> dict[str, Any] | None:
    """Attack by defence, in percent; None where no defence was tried."""
    table = defence_table(summaries)
    if table.empty:
        return None
    lines = [
        (str(model), str(line), ["–" if pd.isna(v) else f"{100 * v:.1f} %" for v in row])
        for (model, line), row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return {"heads": [str(c) for c in table.columns], "lines": lines}


def published(
    model: str, summaries: Sequence[RecipeSummary], view: RunView
) -> dict[str, Any] | None:
    """Figures that others report for a model, beside those of this run; None without any."""
    rows = of_model(model, read_published())
    if not rows:
        return None
    mine = [s for s in summaries if s.model == model and s.family == "attack" and s.flip_rate]
    return {
        "model": model,
        "rows": rows,
        "own": mine,
        "protocol": (
            f"zero-shot among {len(view.class_names):,} classes on "
            f"{view.manifest['dataset']['name']}"
        ),
    }
