"""What an audit of an image–text set found: sentences, tables, a page, CSV."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from rich.table import Table
from rich.text import Text

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.audit import TYPES, Audit, kind_of
from typoattack.metrics.intervals import Figure
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.report.tables import NONE, minus, percent, plain_table

SHOWN = 12
"""Pictures on the page."""

_MEANINGS = {
    "no text": "pictures in which no text was found",
    "other text": "pictures with text that the caption does not repeat",
    "repeated text": "pictures with text of which the caption repeats a word",
    "parrot captions": "captions that repeat a word, of pictures with text",
    "text area": "of the picture, covered by text, where there is some",
    "co-embedded rate": "of a caption's words, written in its picture",
    "co-embedded rate with text": "the same, of pictures with text",
    "loose rate": "the same as the first, words spelled much alike included",
    "fall of similarity": "of picture and caption, cosine, where the text is filled in, less where "
    "as much is filled in elsewhere; of pictures with text that leave a place for it",
}


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit with its figures.

    Attributes:
        dataset: which set.
        model: who told how alike pictures and captions are; empty if nobody.
        rows: a row a picture, broken ones included.
        figures: over pictures that are not broken.
        shown: pictures whose captions repeat most, their text outlined.
    """

    dataset: str
    model: str
    rows: pd.DataFrame = field(repr=False)
    figures: Audit
    shown: Sequence[tuple[Any, Image.Image]] = field(repr=False)


def _named(found: Audited) -> dict[str, Figure]:
    one = found.figures
    return {
        **{kind: one.types[kind] for kind in TYPES},
        "parrot captions": one.parrots,
        "text area": one.area,
        "co-embedded rate": one.rate,
        "co-embedded rate with text": one.rate_with_text,
        "loose rate": one.loose_rate,
        "fall of similarity": one.fall,
    }


def tell_audit(found: Audited) -> list[str]:
    """What was found, in sentences."""
    one = found.figures
    broken = len(found.rows) - one.pictures
    told = [
        f"{one.pictures:,} pictures of {found.dataset}"
        + (f"; {broken:,} could not be read." if broken else ".")
    ]
    if not one.parrots:
        return [*told, "No text was found in any."]
    told.append(
        f"Text was found in {percent(1 - one.types[TYPES[0]].value)} of them; "
        f"{percent(one.parrots.value)} of these captions repeat a word of it, and "
        f"{percent(one.rate.value)} of a caption's words, on average, are written in its picture."
    )
    return told + _likeness(found.model, one)


def _likeness(model: str, one: Audit) -> list[str]:
    """What a model says without the text; empty without a model."""
    of = one.fall.n + one.placeless
    none = f"{one.placeless:,} of {of:,} pictures with text leave no place to fill in as much"
    if not one.fall:
        return [f"{none}, so that likeness without it cannot be judged."] if of else []
    told = minus(
        f"To {model}, pictures lose {one.fall.value:+.3f} of their likeness to the caption with "
        f"their text [{one.fall.low:+.3f}, {one.fall.high:+.3f}], beyond what filling in as much "
        f"elsewhere costs; n = {one.fall.n:,}."
    )
    if not one.placeless:
        return [told]
    return [f"{told} {none} and are left out, so this is of pictures with little text."]


def _shown(name: str, one: Figure) -> tuple[str, str]:
    if not one:
        return NONE, ""
    if name == "fall of similarity":
        return minus(f"{one.value:+.3f}"), minus(f"[{one.low:+.3f}, {one.high:+.3f}]")
    return percent(one.value), f"[{100 * one.low:.1f}, {100 * one.high:.1f}]"


def terminal_audit(found: Audited) -> Table:
    """The figures with their intervals."""
    table = plain_table("How much of the set is text that captions repeat?", "95 % intervals")
    for head in ("figure", "", "", "of"):
        table.add_column(head, overflow="fold", justify="left" if head else "right")
    for name, one in _named(found).items():
        if one:
            table.add_row(*(Text(cell) for cell in (name, *_shown(name, one), _MEANINGS[name])))
    return table


def audit_frame(found: Audited) -> pd.DataFrame:
    """A line a figure, unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {"figure": name, "value": one.value, "low": one.low, "high": one.high, "n": one.n}
            for name, one in _named(found).items()
        ]
    )
    return frame


def write_audit(found: Audited, folder: Path) -> list[Path]:
    """Write `audit.csv` (figures), `pictures.csv` (a line a picture) and `audit.html`.

    Raises:
        UserError: if the folder cannot be made or written.
    """
    make_folder(folder)
    broken = found.rows["broken"] != ""
    pairs = zip(broken, found.rows["lines"], found.rows["rate"], strict=True)
    kinds = ["broken" if bad else kind_of(lines, rate) for bad, lines, rate in pairs]
    rows = found.rows.assign(kind=kinds)
    page = render_template(
        "audit.html",
        dataset=found.dataset,
        story=tell_audit(found),
        figures=[
            (name, *_shown(name, one), _MEANINGS[name])
            for name, one in _named(found).items()
            if one
        ],
        shares=[(kind, found.figures.types[kind].value) for kind in TYPES],
        pictures=[(row, data_uri(image)) for row, image in found.shown],
        provenance=_provenance(folder),
    )
    texts = {
        "audit.csv": csv_text(audit_frame(found)),
        "pictures.csv": csv_text(rows),
        "audit.html": page,
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / name for name in texts]


def _provenance(folder: Path) -> list[tuple[str, str]]:
    try:
        told = json.loads((folder / "audit.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [
        (name.replace("_", " ").capitalize(), str(value)) for name, value in told.items() if value
    ]
