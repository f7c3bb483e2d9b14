"""The headline table: a line a recipe, each figure above its interval."""

from collections.abc import Sequence
from typing import Any

from typoattack.metrics.figures import Definition
from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.section import ReportData, section
from typoattack.report.tables import columns, has_dagger, several, shown, shown_interval
from typoattack.results.schema import CLEAN


@section("recipes", 20, navigation="Recipes")
def build(data: ReportData) -> dict[str, Any]:
    """Heads and lines of the table."""
    summaries = data.view.summaries
    definitions = columns(summaries)
    return {
        "definitions": definitions,
        "leading": several(summaries),
        "lines": [_line(one, definitions) for one in summaries],
        "some_bare": any(has_dagger(s, d) for s in summaries for d in definitions),
    }


def _line(one: RecipeSummary, definitions: Sequence[Definition]) -> dict[str, Any]:
    cells = []
    for d in definitions:
        figure = one[d.name]
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
    right = one["flip_rate"].n
    counts, n = (
        (str(one.samples), one.samples)
        if one.family == CLEAN
        else (f"{right} of {one.samples}", right)
    )
    return {"summary": one, "counts": counts, "n": n, "cells": cells}
