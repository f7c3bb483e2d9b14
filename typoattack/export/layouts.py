"""The layouts in which published attack sets come, so that others' tools can read ours.

They hold attacks alone: pictures of controls are left out, and so are clean pictures where the
layout has no place for them. Every layout is read back by the data set of the same name.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.export.entries import Entry
from typoattack.samples.photographed import STAND_INS


def attacks(entries: Iterable[Entry]) -> Iterator[tuple[Entry | None, Entry]]:
    """Each attacked picture with the clean one of its sample, if it has one."""
    clean: Entry | None = None
    for entry in entries:
        if entry.drawn is None:
            clean = entry
        elif not entry.drawn.attack.control:
            same = clean is not None and clean.notes["sample"] == entry.notes["sample"]
            yield (clean if same else None), entry


def write_scam(entries: Iterable[Entry], folder: Path) -> None:
    """SCAM's image folder: NoSCAM and SynthSCAM pictures in pairs by id, with metadata.jsonl."""
    lines = []
    for number, (clean, entry) in enumerate(attacks(entries), start=1):
        if clean is None:
            raise UserError(
                f"format 'scam' needs pairs, but {entry.notes['sample']!r} has no clean picture; "
                "use --format csv"
            )
        for kind, picture in (("NoSCAM", clean), (_scam_type(entry), entry)):
            name = f"{kind}_img_{number:04d}"
            _save(picture.image, folder / f"{name}.png")
            lines.append(
                {
                    "file_name": f"{name}.png",
                    "type": kind,
                    "id": name,
                    "object_label": entry.notes["label_name"],
                    "attack_word": entry.notes["word"],
                    "postit_area_pct": round(100 * entry.notes["coverage"], 3),
                }
            )
    _write_lines(folder / "metadata.jsonl", lines)


def _scam_type(entry: Entry) -> str:
    """`SCAM` for a photograph that SCAM's authors took, `SynthSCAM` for what is drawn."""
    given = entry.drawn.attack.given if entry.drawn else ""
    return "SCAM" if given not in ("", "SynthSCAM") else "SynthSCAM"


def write_named(entries: Iterable[Entry], folder: Path) -> None:
    """Attacked pictures called label=dog_text=cat.png; a name's second picture lies in data-2/."""
    taken: Counter[str] = Counter()
    for _, entry in attacks(entries):
        label, word = (_in_a_name(entry.notes[part]) for part in ("label_name", "word"))
        name = f"label={label}_text={word}.png"
        taken[name.casefold()] += 1
        nth = taken[name.casefold()]
        _save(entry.image, folder / ("data" if nth == 1 else f"data-{nth}") / name)


def _in_a_name(text: str) -> str:
    """`text` with the characters replaced that the name's own rule or a path would trip over."""
    for character, stand_in in STAND_INS.items():
        text = text.replace(character, stand_in)
    return text


def write_materzynska(entries: Iterable[Entry], folder: Path) -> None:
    """Materzyńska's annotation.json beside images/; our key `clean` names the clean picture."""
    table: dict[str, dict[str, str]] = {}
    for name, entry, clean in _numbered(entries, folder / "images"):
        table[name] = {
            "true object": entry.notes["label_name"],
            "typographic attack label": entry.notes["word"],
            **({"clean": clean} if clean else {}),
        }
    text = json.dumps(table, ensure_ascii=False, indent=1) + "\n"
    write_whole(folder / "annotation.json", text.encode())


def write_csv(entries: Iterable[Entry], folder: Path) -> None:
    """annotations.csv (image, label, word, clean, kind, written, …) beside images/."""
    text = io.StringIO()
    columns = ["image", "label", "word", "clean", "kind", "written", "sample", "coverage"]
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for name, entry, clean in _numbered(entries, folder / "images"):
        if entry.drawn is None:
            continue
        table.writerow(
            {
                "image": f"images/{name}",
                "label": entry.notes["label_name"],
                "clean": f"images/{clean}" if clean else "",
                "kind": entry.notes["recipe"],
                **{key: entry.notes[key] for key in ("word", "written", "sample", "coverage")},
            }
        )
    write_whole(folder / "annotations.csv", text.getvalue().encode())


def _numbered(entries: Iterable[Entry], folder: Path) -> Iterator[tuple[str, Entry, str]]:
    """Each picture saved under a number: its file name, itself, its clean picture's file name."""
    number, names = 0, dict[str, str]()
    for clean, entry in attacks(entries):
        for one in (clean, entry):
            if one is None or (one is clean and one.notes["sample"] in names):
                continue
            number += 1
            name = f"IMG_{number:06d}.png"
            _save(one.image, folder / name)
            if one is clean:
                names[one.notes["sample"]] = name
            yield name, one, "" if one is clean else names.get(one.notes["sample"], "")


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, compress_level=1)


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(path, text.encode())
