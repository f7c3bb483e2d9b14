"""Which units read: the study that lies in the run's folder."""

import re
from pathlib import Path
from typing import Any

from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure
from typoattack.drawing.canvas import decode
from typoattack.report.gallery import data_uri
from typoattack.report.section import ReportData, section
from typoattack.report.units import UNITS
from typoattack.units.section import CURVE, FLIPS, Section

BUDGET = 900_000
"""Bytes of a study's pictures in a page, as base64: a handful of sheets."""

MOST_LINES = 400
"""Lines of all tables at most; the study's own page beside it has them all."""

_KINDS = {
    "text": "answers more to a label with any word on it than to the same label left blank",
    "multimodal": "answers to photographs of a class and to its written name",
    "colour": "answers to an ink and to the colour’s name",
}

_MOST_PICTURES = 24
_WIDEST = 1480
_TALLEST = 3000
_FOLDED = 1100


@section("units", 70, navigation="Which units read")
def build(data: ReportData) -> dict[str, Any] | None:
    """Text, pictures and tables of the study; None without one."""
    study, gallery = data.study, data.gallery
    if study is None:
        return None
    if study.section is None:
        return {"problem": study.problem}
    pictures, left_out = _pictures(study.section, study.folder)
    names = gallery.data["classes"]
    return {
        "problem": "",
        "model": study.model,
        "kinds": [(f"{kind} unit", _KINDS[kind]) for kind in study.section.kinds if kind in _KINDS],
        "sentences": study.section.sentences,
        "pictures": pictures,
        "left_out": left_out,
        "tables": _tables(study.section),
        "flips": len(study.section.flips),
        "links": [
            (row["id"], f"{names[str(row['label'])]} → {names[str(row['after'][0][0])]}")
            for row in gallery.data["rows"]
            if "behind" in row
        ],
    }


def _pictures(section: Section, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The pictures that there is room for, in order, and sentences on those there is none for.

    The flips and the curve are seen to first.
    """
    first = sorted(section.pictures, key=lambda one: one[1] not in (FLIPS, CURVE))
    made: dict[str, dict[str, Any]] = {}
    broken: dict[str, str] = {}
    left = BUDGET
    for _, name in first[:_MOST_PICTURES]:
        try:
            image, whole = _reduced(decode(folder / name))
        except (BrokenImage, RunFailure) as error:
            broken[name] = f"{UNITS}/{name} cannot be shown: {error}."
            continue
        uri = data_uri(image, max(image.size))
        if len(uri) <= left:
            left -= len(uri)
            tall = image.height > _FOLDED
            made[name] = {"uri": uri, "size": image.size, "whole": whole, "tall": tall}
    sentences = list(broken.values())
    without = [n for _, n in section.pictures if n not in made and n not in broken]
    if without:
        sentences.append(f"Left out for want of room: {UNITS}/{f', {UNITS}/'.join(without)}.")
    shown = [
        {"caption": caption, "file": f"{UNITS}/{name}", **made[name]}
        for caption, name in section.pictures
        if name in made
    ]
    return shown, sentences


def _reduced(image: Image.Image) -> tuple[Image.Image, bool]:
    """The picture no wider than a page can show, its top if it is very tall; if that is all."""
    image.thumbnail((_WIDEST, image.height), Image.Resampling.LANCZOS)
    whole = image.height <= _TALLEST
    return image if whole else image.crop((0, 0, image.width, _TALLEST)), whole


_FIGURE = re.compile(r"([+\-−–]?[\d.,]*(?:e[+-]?\d+)?)(?: ?%)?(?: (\[.*\]))?")


def _tables(section: Section) -> list[dict[str, Any]]:
    """Each table with its heads, whether a column is of numbers, and cells as (text, interval)."""
    made, left = [], MOST_LINES
    for caption, rows in section.tables:
        if not rows:
            continue
        heads, lines = rows[0], rows[1 : 1 + left]
        left -= len(lines)
        numeric = [
            all(_FIGURE.fullmatch(row[i]) for row in lines if i < len(row))
            for i in range(len(heads))
        ]
        made.append(
            {
                "caption": caption[:1].upper() + caption[1:],
                "heads": list(zip(heads, numeric, strict=True)),
                "lines": [[_cell(text) for text in row[: len(heads)]] for row in lines],
                "total": len(rows) - 1,
            }
        )
    return made


def _cell(text: str) -> tuple[str, str]:
    """A figure and its interval; other text whole."""
    found = _FIGURE.fullmatch(text)
    if found is None or found[2] is None:
        return text, ""
    return text[: found.start(2)].rstrip(), found[2]
