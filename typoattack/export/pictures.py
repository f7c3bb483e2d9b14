"""What layouts share: attacked pictures with their clean ones, file names, PNG files.

The layouts of published sets hold attacks alone: pictures of controls are left out, and so are
clean pictures where the layout has no place for them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from typoattack.export.entries import Entry


def attacks(entries: Iterable[Entry]) -> Iterator[tuple[Entry | None, Entry]]:
    """Each attacked picture with the clean one of its sample, if it has one."""
    clean: Entry | None = None
    for entry in entries:
        if entry.drawn is None:
            clean = entry
        elif not entry.drawn.attack.control:
            same = clean is not None and clean.notes["sample"] == entry.notes["sample"]
            yield (clean if same else None), entry


def numbered(entries: Iterable[Entry], folder: Path) -> Iterator[tuple[str, Entry, str]]:
    """Each picture saved under a number: its file name, itself, its clean picture's file name."""
    number, names = 0, dict[str, str]()
    for clean, entry in attacks(entries):
        for one in (clean, entry):
            if one is None or (one is clean and one.notes["sample"] in names):
                continue
            number += 1
            name = f"IMG_{number:06d}.png"
            save_png(one.image, folder / name)
            if one is clean:
                names[one.notes["sample"]] = name
            yield name, one, "" if one is clean else names.get(one.notes["sample"], "")


def save_png(image: Image.Image, path: Path) -> None:
    """Write a picture, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, compress_level=1)
