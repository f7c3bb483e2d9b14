"""The layout that `load_dataset("imagefolder")` reads."""

import json
from collections.abc import Iterable
from pathlib import Path

from typoattack.core.files import write_whole
from typoattack.export.entries import Entry
from typoattack.export.pictures import save_png


def write_imagefolder(entries: Iterable[Entry], folder: Path) -> None:
    """PNG files and `metadata.jsonl`, which `load_dataset("imagefolder")` reads."""
    lines = []
    for number, entry in enumerate(entries):
        name = f"{number // 1000:05d}/{number:08d}.png"
        save_png(entry.image, folder / name)
        lines.append(json.dumps({"file_name": name, **entry.notes}, ensure_ascii=False))
    write_whole(folder / "metadata.jsonl", ("\n".join(lines) + "\n").encode())
