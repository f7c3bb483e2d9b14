"""The most vulnerable classes, the most powerful words, and what answers become."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from typoattack.report.breakdown import BROKEN_DOWN
from typoattack.report.section import ReportData, section

MOST_LINES = 3000
"""Lines of a table on the page at most; the CSV beside it has them all."""

_TITLES = {
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
_COUNTS = ("photographs", "pictures", "written")


@section("breakdowns", 50, navigation="Classes and words")
def build(data: ReportData) -> dict[str, Any]:
    """Each table with its title."""
    several = len(data.view.models) > 1
    made = [_breakdown(name, table, several) for name, table in data.breakdowns.items()]
    return {"breakdowns": made}


def _breakdown(name: str, table: pd.DataFrame, with_model: bool) -> dict[str, Any]:
    """A table for the page: heads, and cells as (text, interval, sort key)."""
    title, caption = _TITLES[name]
    heads = [c for c in _HEADS if c in table and (c != "model" or with_model)]
    most = MOST_LINES // max(1, table["model"].nunique())
    rows = table.groupby("model").head(most).to_dict("records")
    numeric = [head in BROKEN_DOWN or head in _COUNTS for head in heads]
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "heads": list(zip([_HEADS[h] for h in heads], numeric, strict=True)),
        "lines": [[_cell(row, head) for head in heads] for row in rows],
        "total": len(table),
    }


def _cell(row: Mapping[Any, Any], head: str) -> tuple[str, str, Any]:
    value = row[head]
    if head not in BROKEN_DOWN:
        return (str(value), "", value if isinstance(value, int) else "")
    if value != value:
        return ("–", "", "")
    low, high = row[f"{head}_low"], row[f"{head}_high"]
    return (f"{100 * value:.0f} %", f"[{100 * low:.0f}, {100 * high:.0f}]", value)
