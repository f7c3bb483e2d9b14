"""Given pictures by what their data set says of them: dose and response."""

from typing import Any

from typoattack.metrics.figures import FIGURES
from typoattack.report.section import ReportData, section
from typoattack.report.tables import percent


@section("facts", 35, navigation="Dose and response")
def build(data: ReportData) -> dict[str, Any] | None:
    """A table a recipe and number; None where no data set says a number of its pictures."""
    if data.facts.empty:
        return None
    several = data.facts["model"].nunique() > 1
    tables = []
    for (fact, recipe), rows in data.facts.groupby(["fact", "recipe"], sort=True):
        names = [name for name in FIGURES if name in rows and rows[name].notna().any()]
        lines = [
            {
                "model": row["model"] if several else "",
                "range": f"{row['low']:.3g} to {row['high']:.3g}",
                "pictures": row["pictures"],
                "cells": [_cell(row, name) for name in names],
            }
            for row in rows.to_dict("records")
        ]
        titles = [FIGURES[name].title for name in names]
        tables.append({"fact": fact, "recipe": recipe, "titles": titles, "lines": lines})
    return {"facts": tables, "several": several}


def _cell(row: dict[Any, Any], name: str) -> tuple[str, str]:
    low, high = (f"{100 * row[f'{name}_{end}']:.1f}" for end in ("low", "high"))
    return percent(row[name]), f"[{low}, {high}]"
