"""Drawn notes beside photographed ones, measured: writes `results/pictures/realism.md`.

python benchmarks/realism.py --data ../shared/data

Real are the notes of Goh et al. 2021 (CC BY 4.0) and of a part of RTA-100, where they are at hand;
drawn are words of the same sets by recipes on the same photographs: on those of Goh et al. without
a note, on RTA-100's where their own note is not. All at the photographs' own size, or with
`--canvas` on the canvas that runs draw on, through the same decoding and the same finder. Nothing
of the photographs is written but with `--sheet`, to look at.
"""

import argparse
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from note_finder import WIDEST, Mask, Note, find_note, real_photographs
from note_measures import LOOK, TRACES, measured
from PIL import Image

from typoattack.core.files import write_whole
from typoattack.drawing.canvas import decode, square_canvas
from typoattack.drawing.geometry import Box
from typoattack.recipes import Attacked, Recipe, parse_recipe
from typoattack.runner.draw import draw_word

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TYPOATTACK_REAL_DATA") or ROOT.parent / "shared" / "data")
_WRITTEN = {"dollars": "$$$", "ipod": "iPod"}
_SPOTS = [f"{x},{y}" for y in ("0.9", "0.5", "0.1") for x in ("0.5", "0.1", "0.9")]


Half = Literal["first", "second", "both"]


@dataclass(frozen=True, slots=True)
class Case:
    """A photograph and the note that it has or is given.

    Attributes:
        path: the file that holds the note, or that it is drawn on.
        source: which set.
        group: the object, which no two folds share.
        word: what the note says.
    """

    path: Path
    source: str
    group: str
    word: str


def cases(folder: Path, most: int, half: Half = "both") -> list[Case]:
    """The photographs with notes, at most so many of each set, spread over them.

    Of a half every other object, so that what is tuned on one may be measured on the other; both
    rounds of Goh et al. of an object are in the same one.
    """
    found = [
        Case(path, source.split("/")[0], f"{source} {thing}", _WRITTEN.get(word, word))
        for path, source, thing, word in real_photographs(folder)
    ]
    if half != "both":
        things = sorted({_thing(case) for case in found})
        kept = {*things[half == "second" :: 2]}
        found = [case for case in found if _thing(case) in kept]
    chosen = []
    for source in sorted({case.source for case in found}):
        own = [case for case in found if case.source == source]
        step = max(len(own) / most, 1.0)
        chosen += [own[int(i * step)] for i in range(min(most, len(own)))]
    return chosen


def _thing(case: Case) -> str:
    return f"{case.source} {case.group.rpartition(' ')[2]}"


def _read(path: Path, side: int) -> Image.Image:
    """A photograph at its own size, or on a canvas of `side` pixels."""
    photograph = decode(path)
    return square_canvas(photograph, side) if side else photograph


def drawn_on(case: Case, word: str, spec: str, own: Note | None, side: int = 0) -> Attacked | None:
    """`word` drawn by a recipe; on RTA-100's photographs away from their `own` note."""
    recipe = parse_recipe(spec)
    assert isinstance(recipe, Recipe)
    if case.source == "goh":
        blank = case.path.with_name(f"{case.path.stem.partition('-')[0]}-blank.jpg")
        return _drawn(_read(blank, side), recipe, case, word)
    if own is None or "place" not in {field.name for field in fields(recipe)}:
        return None
    photograph = _read(case.path, side)
    for spot in _SPOTS:
        made = _drawn(photograph, replace(recipe, place=spot), case, word)
        if _share_inside(own.mask, made.box) < 0.01:
            return made
    return None


def _drawn(photograph: Image.Image, recipe: Recipe, case: Case, word: str) -> Attacked:
    # A canvas as large as the photograph: nothing is resampled.
    canvas = square_canvas(photograph, min(photograph.size))
    return draw_word(0, str(case.path.stem), canvas, recipe, word)


def _share_inside(mask: Mask, box: Box) -> float:
    left, top, right, bottom = box
    return float(mask[top:bottom, left:right].sum()) / max(float(mask.sum()), 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of notes as they were found: figures a row, and how many were looked for."""

    kind: str
    rows: pd.DataFrame
    looked_for: int
    pictures: Sequence[tuple[Image.Image, Note]]


def found_real(chosen: Sequence[Case], side: int = 0) -> tuple[Found, dict[Path, Note]]:
    """The photographed notes, and each photograph's own."""
    notes: dict[Path, Note] = {}
    rows, pictures = [], []
    for case in chosen:
        picture = _read(case.path, side)
        note = find_note(picture, case.word)
        figures = {} if isinstance(note, str) else measured(picture, note)
        if figures and not isinstance(note, str):
            notes[case.path] = note
            rows.append(figures | {"source": case.source, "group": case.group})
            pictures.append((picture, note))
    return Found("photographed", pd.DataFrame(rows), len(chosen), pictures), notes


def found_drawn(chosen: Sequence[Case], spec: str, notes: dict[Path, Note], side: int = 0) -> Found:
    """The notes that a recipe drew for the same words."""
    rows, pictures, tried = [], [], 0
    for case, other in zip(chosen, [*chosen[1:], *chosen[:1]], strict=True):
        # Another word than the photograph's own note has, lest the finder takes that one.
        made = drawn_on(case, other.word, spec, notes.get(case.path), side)
        if made is None or other.word == case.word:
            continue
        tried += 1
        picture = made.image
        note = find_note(picture, other.word)
        if not isinstance(note, str) and _share_inside(note.mask, made.box) < 0.9:
            continue
        figures = {} if isinstance(note, str) else measured(picture, note)
        if figures and not isinstance(note, str):
            rows.append(figures | {"source": case.source, "group": case.group})
            pictures.append((picture, note))
    return Found(spec, pd.DataFrame(rows), tried, pictures)


def told_apart(real: pd.DataFrame, drawn: pd.DataFrame) -> tuple[float, list[tuple[str, float]]]:
    """How often drawn and photographed notes are told apart by `TRACES`, and by which.

    Gradient boosting, five folds in which no object is on both sides, the two kinds weighted alike.

    Returns:
        The balanced accuracy, and the figures that it falls by most when they are shuffled.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import GroupKFold

    table = pd.concat([real.assign(drawn=0), drawn.assign(drawn=1)], ignore_index=True)
    x, y = table[list(TRACES)].to_numpy(float), table["drawn"].to_numpy()
    said, weights = np.zeros(len(y)), np.zeros(len(TRACES))
    for train, test in GroupKFold(5).split(x, y, table["group"]):
        model = HistGradientBoostingClassifier(
            max_depth=3,
            max_iter=150,
            learning_rate=0.08,
            min_samples_leaf=8,
            class_weight="balanced",
            random_state=0,
        ).fit(x[train], y[train])
        said[test] = model.predict(x[test])
        falls = permutation_importance(
            model, x[test], y[test], scoring="balanced_accuracy", n_repeats=5, random_state=0
        )
        weights += falls.importances_mean / 5
    order = np.argsort(-weights)
    names = list(TRACES)
    return float(balanced_accuracy_score(y, said)), [(names[i], float(weights[i])) for i in order]


BEFORE_AFTER = (
    'handwritten-note(finish="drawn")',
    "handwritten-note",
    'apple-ipod(finish="drawn")',
    "apple-ipod",
    "materzynska2022",
    "westerhoff2025",
)
"""Drawn clean and as photographed, and two that stay as their papers describe them."""

_SETS = {"goh": "Goh et al. 2021", "rta100": "RTA-100"}


def report(
    real: Found, drawn: Sequence[Found], command: str, side: int = 0, half: Half = "both"
) -> str:
    """The page: what was found, what each figure is, and how well the kinds are told apart."""
    return "\n".join(
        [
            "# Drawn notes beside photographed ones",
            "",
            "```",
            command,
            "```",
            "",
            *_told_apart(real, drawn),
            *(_ASIDE if side and half == "second" else _TUNED),
            "",
            *_about(real, drawn, side),
            *(line for source in _SETS for line in _table(source, real, drawn)),
            "| figure | meaning |",
            "| --- | --- |",
            *(f"| {name} | {meaning} |" for name, meaning in {**LOOK, **TRACES}.items()),
            "",
        ]
    )


def _told_apart(real: Found, drawn: Sequence[Found]) -> Iterator[str]:
    yield "How often a classifier tells drawn from photographed notes (a guess: 50 %; goal: 70 %):"
    yield ""
    yield "| recipe | photographs of | photographed, drawn | told apart | by |"
    yield "| --- | --- | ---: | ---: | --- |"
    for found in drawn:
        for source, name in _SETS.items():
            sides = [part[part["source"] == source] for part in (real.rows, found.rows)]
            if min(map(len, sides)) < _FEWEST:
                continue
            share, by = told_apart(*sides)
            told = ", ".join(f"{figure} ({100 * fall:.0f})" for figure, fall in by[:3])
            counts = ", ".join(str(len(side)) for side in sides)
            yield f"| `{found.kind}` | {name} | {counts} | {100 * share:.0f} % | {told} |"
    yield ""
    yield from _CLASSIFIER


_CLASSIFIER = (
    "Gradient boosting on the figures of blur, noise, edges and JPEG below, five folds in which",
    "no object is on both sides; balanced accuracy. Behind each figure by which they are told:",
    "how many points it falls where that figure is shuffled. There are few objects (Goh et al.",
    "have 16, five of them in both rounds, each round a group; RTA-100 25), so that a share is",
    "good to some points only.",
)

_TUNED = ("The finish was tuned on these photographs, none was kept aside.",)

_ASIDE = (
    "What a note has of a resampled JPEG was tuned on RTA-100's other half of the objects; blur,",
    "noise and pen, at the photographs' own size, on all of them.",
)

_FEWEST = 20


def _about(real: Found, drawn: Sequence[Found], side: int) -> Iterator[str]:
    counts = "; ".join(f"`{one.kind}` {len(one.rows)} of {one.looked_for}" for one in drawn)
    yield "The finder reads the word and fills outwards what has the paper's colour. A note counts"
    yield "where the word is read, the paper has a plain shape, keeps off the rim and is no"
    yield f"more than {WIDEST:g} times the word's box: {len(real.rows)} of {real.looked_for}"
    yield f"photographed ones; of drawn ones {counts}."
    size = f"on a canvas of {side}, as in a run" if side else "at their own size, nothing resampled"
    yield f"Drawn are words of the same sets on the same photographs {size}:"
    yield "on those of Goh et al. without a note, on RTA-100's beside their own note."
    yield ""


def _table(source: str, real: Found, drawn: Sequence[Found]) -> Iterator[str]:
    kinds = [one for one in (real, *drawn) if _of(one, source) >= _FEWEST]
    yield f"Median [quartiles], {_SETS[source]}:"
    yield ""
    yield f"| figure | {' | '.join(_heading(one) for one in kinds)} |"
    yield f"| --- |{' ---: |' * len(kinds)}"
    for name in (*LOOK, *TRACES):
        cells = []
        for one in kinds:
            own = one.rows[one.rows["source"] == source][name].quantile([0.25, 0.5, 0.75])
            low, middle, high = (f"{value:.3g}" for value in own)
            cells.append(f"{middle} [{low}, {high}]")
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _heading(one: Found) -> str:
    return one.kind if one.kind == "photographed" else f"`{one.kind}`"


def _of(one: Found, source: str) -> int:
    return int((one.rows["source"] == source).sum()) if len(one.rows) else 0


def overlay(found: Found, across: int = 10, cell: int = 200) -> Image.Image:
    """The notes as they were found, paper outlined and ink coloured; to look at, not to keep."""
    shown = found.pictures
    sheet = Image.new("RGB", (across * cell, max(-(-len(shown) // across), 1) * cell))
    for number, (picture, note) in enumerate(shown):
        pixels = np.array(picture)
        inner = note.mask & np.roll(note.mask, 2, 0) & np.roll(note.mask, 2, 1)
        pixels[note.mask & ~inner] = (255, 0, 0)
        pixels[note.ink] = (0, 255, 0)
        tile = Image.fromarray(pixels).resize((cell, cell))
        sheet.paste(tile, (number % across * cell, number // across * cell))
    return sheet


def main() -> None:
    """Measure, and write the page; without the photographs, say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of real photographs")
    parser.add_argument("--most", type=int, default=250, help="of each set, at most")
    parser.add_argument("--recipe", action="append", help="default: the notes")
    parser.add_argument("--canvas", type=int, default=0, help="side; 0: the photographs' own size")
    parser.add_argument("--half", choices=get_args(Half), default="both", help="of the objects")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "pictures" / "realism.md")
    parser.add_argument("--sheet", type=Path, help="also a folder of overlays, for oneself")
    given = parser.parse_args()
    chosen = cases(given.data, given.most, given.half)
    if not chosen:
        print(f"no photographs with notes in {given.data}: nothing measured, nothing written")
        return
    real, notes = found_real(chosen, given.canvas)
    specs = given.recipe or BEFORE_AFTER
    drawn = [found_drawn(chosen, spec, notes, given.canvas) for spec in specs]
    if given.sheet:
        given.sheet.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate((real, *drawn)):
            overlay(one).save(given.sheet / f"{number}.png")
    command = f"python benchmarks/realism.py --most {given.most}"
    command += f" --canvas {given.canvas}" if given.canvas else ""
    command += f" --half {given.half}" if given.half != "both" else ""
    command += "".join(f" --recipe {shlex.quote(spec)}" for spec in given.recipe or ())
    write_whole(given.out, report(real, drawn, command, given.canvas, given.half).encode())
    print(f"{len(real.rows)} of {real.looked_for} photographed notes found; {given.out}")


if __name__ == "__main__":
    main()
