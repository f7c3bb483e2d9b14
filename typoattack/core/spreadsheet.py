"""CSV that a spreadsheet opens without acting on it.

A cell that begins with one of `= + - @`, a tab or a carriage return is a formula to a spreadsheet,
and class names, words and file names come from anywhere. Such text gets an apostrophe before it,
which a spreadsheet takes for "this is text" and does not show (OWASP, CSV Injection); what reads
our tables again takes it away with `plain_cell`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """`value`, or text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def safe_row(values: Sequence[Any]) -> list[Any]:
    """Cells of a line."""
    return [safe_cell(value) for value in values]


def csv_text(frame: "pd.DataFrame", **options: Any) -> str:
    """A table as CSV, without its index.

    Args:
        frame: any; texts of cells and heads are made safe.
        options: of `DataFrame.to_csv`.
    """
    safe = frame.rename(columns=safe_cell)
    for place, kind in enumerate(safe.dtypes):
        if kind.kind not in "biufM":
            safe.isetitem(place, safe.iloc[:, place].map(safe_cell))
    text: str = safe.to_csv(**({"index": False, "lineterminator": "\n"} | options))
    return text
