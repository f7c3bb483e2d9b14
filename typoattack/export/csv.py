"""Pictures with a table beside them, read back by the data set `csv`."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import safe_cell
from typoattack.export.entries import Entry
from typoattack.export.pictures import numbered


def write_csv(entries: Iterable[Entry], folder: Path) -> None:
    """annotations.csv (image, label, word, clean, kind, written, …) beside images/."""
    text = io.StringIO()
    columns = ["image", "label", "word", "clean", "kind", "written", "sample", "coverage"]
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for name, entry, clean in numbered(entries, folder / "images"):
        if entry.drawn is None:
            continue
        cells = {
            "image": f"images/{name}",
            "label": entry.notes["label_name"],
            "clean": f"images/{clean}" if clean else "",
            "kind": entry.notes["recipe"],
            **{key: entry.notes[key] for key in ("word", "written", "sample", "coverage")},
        }
        table.writerow({column: safe_cell(cell) for column, cell in cells.items()})
    write_whole(folder / "annotations.csv", text.getvalue().encode())
