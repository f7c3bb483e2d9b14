"""SCAM: handwritten notes on objects, photographed with and without (Westerhoff et al. 2025)."""

import math
from functools import partial
from pathlib import Path
from typing import Any

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.base import Sample, Variant
from typoattack.samples.hub import load_picture, open_rows, own_folder
from typoattack.samples.labels import OBJECT, check_class_names, templates
from typoattack.samples.paired import PairedSamples
from typoattack.task import Task

CLEAN_TYPE = "NoSCAM"
TYPES = (CLEAN_TYPE, "SCAM", "SynthSCAM")
COLUMNS = ("image", "type", "id", "object_label", "attack_word")

AREA = "postit_area_pct"
"""The note's share of the picture in percent: a column of SCAM's own, a fact of its notes here."""

_LICENCE = "SCAM (Westerhoff et al. 2025), CC BY-NC 4.0: not for commercial use"


def scam(spec: str) -> PairedSamples:
    """Open `scam:BLISS-e-V/SCAM` on the Hub, or a parquet file or image folder of its layout.

    A sample is a `NoSCAM` picture; its variants are the `SCAM` and `SynthSCAM` pictures of the
    same number (`SCAM_img_0001` belongs to `NoSCAM_img_0001`). The classes are all object labels.

    Args:
        spec: `scam:` and a name on the Hub (with `:SPLIT` if need be) or a path.

    Raises:
        UserError: if it cannot be opened, a column is missing, or a picture has no partner.
    """
    source = _source(spec.partition(":")[2])
    rows, root = _rows(source, spec), own_folder(source)
    types, ids, labels, words = (rows[column][:] for column in COLUMNS[1:])
    areas = [math.nan if area is None else float(area) for area in _areas(rows)]
    groups = _groups(types, ids, spec)
    names = check_class_names(sorted(set(labels)), f"dataset {spec!r}")
    index = {name: number for number, name in enumerate(names)}
    samples = []
    for number, places in sorted(groups.items()):
        clean = _clean_row(number, places, labels, spec)
        variants = tuple(
            Variant(
                kind,
                words[row],
                partial(load_picture, rows, row, "image", root),
                facts=((AREA, float(areas[row])),) if math.isfinite(areas[row]) else (),
            )
            for kind, row in sorted(places.items())
            if kind != CLEAN_TYPE
        )
        load = partial(load_picture, rows, clean, "image", root)
        samples.append(Sample(number, load, index[labels[clean]], variants))
    facts = (
        f"{kind}\x1f{number}\x1f{label}\x1f{word}"
        for kind, number, label, word in zip(types, ids, labels, words, strict=True)
    )
    return PairedSamples(
        name=spec,
        fingerprint=digest(*facts),
        task=Task(OBJECT, names, templates("scam")),
        licence=_LICENCE,
        samples=tuple(samples),
    )


def _areas(rows: Any) -> list[Any]:
    """Each row's share of the note, None where the copy lacks the column."""
    return list(rows[AREA][:]) if AREA in rows.features else [None] * len(rows)


def _source(where: str) -> str:
    """The spec of the rows: a parquet file, an image folder, or a name on the Hub."""
    if where.endswith(".parquet"):
        return f"parquet:{where}"
    return f"imagefolder:{where}" if Path(where).is_dir() else f"hf:{where}"


def _rows(source: str, spec: str) -> Any:
    """The rows with pictures still encoded; `UserError` if a column is missing."""
    import datasets

    rows = open_rows(source, spec)
    missing = [column for column in COLUMNS if column not in rows.features]
    if missing:
        raise UserError(
            f"dataset {spec!r}: no column {missing[0]!r}; SCAM's layout has {', '.join(COLUMNS)}, "
            f"there are {', '.join(rows.features)}"
        )
    return rows.cast_column("image", datasets.Image(decode=False))


def _groups(types: list[str], ids: list[str], spec: str) -> dict[str, dict[str, int]]:
    """For each picture number, the row of each type."""
    groups: dict[str, dict[str, int]] = {}
    for row, (kind, name) in enumerate(zip(types, ids, strict=True)):
        if kind not in TYPES:
            raise UserError(
                f"dataset {spec!r}: row {row} has the type {kind!r}; it must be one of "
                f"{', '.join(TYPES)}"
            )
        number = str(name).removeprefix(f"{kind}_")
        if groups.setdefault(number, {}).setdefault(kind, row) != row:
            raise UserError(f"dataset {spec!r}: {name!r} stands twice")
    return groups


def _clean_row(number: str, places: dict[str, int], labels: list[str], spec: str) -> int:
    """The row of a group's clean picture; `UserError` if the group is no pair."""
    clean = places.get(CLEAN_TYPE)
    if clean is None or len(places) == 1:
        lacks = "attacked" if clean is not None else "clean (NoSCAM)"
        raise UserError(
            f"dataset {spec!r}: {number!r} has no {lacks} picture; SCAM's pictures come in pairs"
        )
    for kind, row in places.items():
        if labels[row] != labels[clean]:
            raise UserError(
                f"dataset {spec!r}: {number!r} shows {labels[clean]!r} clean, but "
                f"{labels[row]!r} as {kind}"
            )
    return clean
