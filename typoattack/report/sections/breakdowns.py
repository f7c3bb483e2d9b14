"""The most vulnerable classes, the most powerful words, and what answers become."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from typoattack.report.breakdown import BROKEN_DOWN, WITHOUT_CLEAN
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
_WITHOUT_CLEAN = {
    "classes": (
        "The classes whose words are read most",
        "How often photographs of each class are called what is written on them, over all "
        "attacks. Ordered by the lower end of the interval, so that a class seen once does not "
        "lead.",
    ),
    "words": (
        "The most powerful words",
        "How often each word is what the photographs are called that bear it; ordered likewise.",
    ),
    "becomes": (
        "What is said instead",
        "The true class, what photographs are called that are called wrong, how many, and on how "
        "many of these that name was written.",
    ),
}
_HEADS = {
    "model": "Model",
    "class": "Class",
    "word": "Word",
    "answer": "Answer instead",
    "flip_rate": "Flip rate",
    "targeted_success": "Targeted success",
    "says_word": "Says the word",
    "accuracy_attacked": "Is right",
    "photographs": "Photographs",
    "pictures": "Pictures",
    "written": "Was written",
}
_FIGURES = (*BROKEN_DOWN, *WITHOUT_CLEAN)
_COUNTS = ("photographs", "pictures", "written")


@section("breakdowns", 50, navigation="Classes and words")
def build(data: ReportData) -> dict[str, Any]:
    """Each table with its title."""
    several = len(data.view.models) > 1
    titles = _TITLES if data.view.has_clean else _WITHOUT_CLEAN
    made = [
        _breakdown(name, table, several, titles[name]) for name, table in data.breakdowns.items()
    ]
    return {"breakdowns": made}


def _breakdown(
    name: str, table: pd.DataFrame, with_model: bool, titles: tuple[str, str]
) -> dict[str, Any]:
    """A table for the page: heads, and cells as (text, interval, sort key)."""
    title, caption = titles
    heads = [c for c in _HEADS if c in table and (c != "model" or with_model)]
    most = MOST_LINES // max(1, table["model"].nunique())
    rows = table.groupby("model").head(most).to_dict("records")
    numeric = [head in _FIGURES or head in _COUNTS for head in heads]
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
    if head not in _FIGURES:
        return (str(value), "", value if isinstance(value, int) else "")
    if value != value:
        return ("–", "", "")
    low, high = row[f"{head}_low"], row[f"{head}_high"]
    return (f"{100 * value:.0f} %", f"[{100 * low:.0f}, {100 * high:.0f}]", value)
