"""The layout of Materzyńska et al. 2022, read back by the data set `materzynska`."""

import json
from collections.abc import Iterable
from pathlib import Path

from typoattack.core.files import write_whole
from typoattack.export.entries import Entry
from typoattack.export.pictures import numbered


def write_materzynska(entries: Iterable[Entry], folder: Path) -> None:
    """Materzyńska's annotation.json beside images/; our key `clean` names the clean picture."""
    table: dict[str, dict[str, str]] = {}
    for name, entry, clean in numbered(entries, folder / "images"):
        table[name] = {
            "true object": entry.notes["label_name"],
            "typographic attack label": entry.notes["word"],
            **({"clean": clean} if clean else {}),
        }
    text = json.dumps(table, ensure_ascii=False, indent=1) + "\n"
    write_whole(folder / "annotation.json", text.encode())
