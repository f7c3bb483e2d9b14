"""The study of units that lies in a run's folder, as the run's page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from typoattack.core.errors import UserError
from typoattack.report.gallery import picture_id
from typoattack.units.section import ExplainedFlip, Section, UnitBehind, read_section

UNITS = "units"
"""The folder of a run that `typoattack units MODEL --out RUN/units` writes to."""

LEADING = 12
"""Photographs at most that the gallery shows first because a flip of theirs is explained."""

_UNITS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class UnitsStudy:
    """What `typoattack units` found of one of a run's models.

    Attributes:
        folder: where it lies.
        problem: in a sentence why it cannot be shown; empty if it can.
        model: what the run calls the model.
        section: text, tables, pictures and explained flips; None with a problem.
    """

    folder: Path
    problem: str = ""
    model: str = ""
    section: Section | None = field(default=None, repr=False)


def read_units(run: Path, manifest: Mapping[str, Any]) -> UnitsStudy | None:
    """The study in a run's folder, if it is of a model of the run; None without a study.

    Args:
        run: the run's folder.
        manifest: what `typoattack.results.manifest.build_manifest` made.
    """
    folder = run / UNITS
    try:
        section = read_section(folder)
    except UserError as error:
        return UnitsStudy(folder, f"The study of units is left out: {error}.")
    if section is None:
        return None
    same = [m["name"] for m in manifest["models"] if m["fingerprint"] == section.fingerprint]
    if same:
        model = section.model if section.model in same else same[0]
        return UnitsStudy(folder, "", model, section)
    return UnitsStudy(
        folder,
        f"The study of units in {str(folder)!r} is left out: {_stranger(section, manifest)}. "
        f"`typoattack units MODEL --out {folder}` writes one of a model of this run.",
    )


def _stranger(section: Section, manifest: Mapping[str, Any]) -> str:
    """Why a study is of no model of the run."""
    by_name = {m["name"]: m["fingerprint"] for m in manifest["models"]}
    if not section.model:
        return "it does not say of which model it is"
    if section.model in by_name:
        return (
            f"it is of {section.model} with other weights or at another precision "
            f"(fingerprint {section.fingerprint}, the run's is {by_name[section.model]})"
        )
    return f"it is of {section.model}, and this run is of {', '.join(by_name)}"


def explained_rows(
    predictions: pd.DataFrame, class_names: Sequence[str], study: UnitsStudy | None
) -> tuple[dict[str, Any], list[str]]:
    """What the study says of attacked pictures of the run, and the photographs it is about.

    A picture is explained where the run drew the very pixels that the study looked at, with the
    same word, and the model gave the same answer.

    Args:
        predictions: that answer the suite's own question.
        class_names: what labels index.
        study: of one of the models; None gives nothing.

    Returns:
        By a picture's id what `gallery_note` makes; and the ids of at most `LEADING` samples.
    """
    if study is None or study.section is None:
        return {}, []
    flips = {(flip.sample, flip.pixels, flip.word): flip for flip in study.section.flips}
    wanted = [pixels for _, pixels, _ in flips]
    near = predictions[(predictions["model"] == study.model) & predictions["pixels"].isin(wanted)]
    notes, samples = {}, []
    for row in near.to_dict("records"):
        flip = flips.get((row["sample"], row["pixels"], row["word"]))
        if flip is not None and class_names[row["predicted"]] == flip.answer:
            notes[picture_id(row)] = gallery_note(flip)
            samples.append(flip.sample)
    return notes, list(dict.fromkeys(samples))[:LEADING]


def gallery_note(flip: ExplainedFlip) -> dict[str, Any]:
    """The units behind a flip for the line under its picture.

    Only units that were measured are named where any was, best first; a unit's share is what the
    written word's gain on the true class loses without it.

    Returns:
        `units`: (name, share, words) of each; `gain`: what the shares are of, in a sentence.
    """
    gain = flip.lead[1] - flip.lead[0]
    measured = any(unit.measured is not None for unit in flip.units)
    parts = [(unit.measured if measured else unit.estimated, unit) for unit in flip.units]
    best = sorted(
        ((part, unit) for part, unit in parts if part is not None and part > 0),
        key=lambda pair: -pair[0],
    )[:_UNITS_SHOWN]
    several = len({unit.layer for unit in flip.units}) > 1
    return {
        "units": [
            (_name(unit, several), _share(part, gain), ", ".join(unit.words)) for part, unit in best
        ],
        "gain": _gain(flip, gain, measured) if best else "No single unit that was tried did it.",
    }


def _name(unit: UnitBehind, several: bool) -> str:
    return f"{unit.layer} {unit.label}" if several else unit.label


def _share(part: float, gain: float) -> str:
    return f"{100 * part / gain:.0f} %" if gain > 0 else f"{part:+.1f}"


def _gain(flip: ExplainedFlip, gain: float, measured: bool) -> str:
    layers = ", ".join(dict.fromkeys(unit.layer for unit in flip.units))
    how = "lost with the unit alone set back to its clean answer" if measured else "by estimate"
    if gain > 0:
        of = f"of the {gain:.1f} logits that “{flip.word}” gained on “{flip.label}”"
        lead = f"Share: the part {of} that is {how}" if measured else f"Share {of}, {how}"
    else:
        lead = f"Logits of “{flip.word}” over “{flip.label}”, {how}"
    return f"Layer {layers}. {lead}. In brackets: words that excite the unit."
