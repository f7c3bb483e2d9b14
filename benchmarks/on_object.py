"""How often a note lies on the object: writes `results/pictures/on_object.md`.

python benchmarks/on_object.py --data ../shared/data

The objects' boxes in `object_boxes.csv` were drawn by hand, to 2 % of the picture or so, around
what a photograph is labelled as: the 20 bundled photographs, and the 16 of Goh et al. 2021 without
a note, where those are at hand.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from typoattack.core.files import write_whole
from typoattack.core.randomness import stream
from typoattack.drawing.canvas import decode, square_canvas
from typoattack.drawing.placement import place
from typoattack.samples.bundled import bundled

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TYPOATTACK_REAL_DATA") or ROOT.parent / "shared" / "data")
SIDE = 448
PLACES = ("object", "centre", "random", "avoid-centre", "bottom")
_LOTS = 20
"""How often a place by lot is drawn for each photograph."""

_SETS = {"bundled": "the 20 bundled", "goh2021": "16 of Goh et al. 2021"}
_VIEWS = {"whole": "as they are", "corner": "their four corners of three quarters the side"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A photograph and where its object is.

    Attributes:
        source: the set it is from.
        view: `whole`, or `corner` for a part in which the object is off the middle.
        canvas: RGB, square.
        object: (side, side) whether a pixel is in one of the object's boxes.
    """

    source: str
    view: str
    canvas: Image.Image
    object: npt.NDArray[np.bool_]


def seen(data: Path) -> list[Seen]:
    """The photographs with boxes that are at hand, whole and in corners."""
    boxes = pd.read_csv(Path(__file__).with_name("object_boxes.csv"))
    own = bundled()
    paths = {f"bundled/{name}": path for name, path in zip(own.ids, own.paths, strict=True)}
    found = []
    for (source, name), rows in boxes.groupby(["set", "photograph"], sort=False):
        path = paths.get(f"{source}/{name}", data / source / name)
        if not path.is_file():
            continue
        inside = np.zeros((SIDE, SIDE), np.bool_)
        corners = rows[["left", "top", "right", "bottom"]].to_numpy(float)
        for left, top, right, bottom in (corners * SIDE).round().astype(int).tolist():
            inside[top:bottom, left:right] = True
        found.append(Seen(source, "whole", square_canvas(decode(path), SIDE), inside))
        found += _corners(found[-1])
    return found


def _corners(whole: Seen) -> Iterator[Seen]:
    """Four parts of three quarters the side, where the object is still a twentieth of the part."""
    side = SIDE * 3 // 4
    for left, top in ((0, 0), (SIDE - side, 0), (0, SIDE - side), (SIDE - side, SIDE - side)):
        box = (left, top, left + side, top + side)
        inside = whole.object[top : top + side, left : left + side]
        if inside.mean() >= 0.05:
            yield Seen(whole.source, "corner", whole.canvas.crop(box), inside)


def landed(photographs: Sequence[Seen], where: str, size: float) -> tuple[float, float, float]:
    """Of notes at a place: how many have their middle on the object, and two mean shares.

    Returns:
        The share of notes whose middle is on the object; of a note on it; of it under the note.
    """
    rows = []
    for number, one in enumerate(photographs):
        side = one.canvas.width
        note = size * side, 0.72 * size * side
        for lot in range(_LOTS if where in ("random", "avoid-centre") else 1):
            rng = stream("on the object", number, lot)
            left, top = place(where, note, side, rng, photograph=one.canvas)
            x0, y0, x1, y1 = (round(v) for v in (left, top, left + note[0], top + note[1]))
            under = one.object[y0:y1, x0:x1]
            middle = one.object[(y0 + y1) // 2, (x0 + x1) // 2]
            rows.append((middle, under.mean(), under.sum() / one.object.sum()))
    mean = np.mean(np.array(rows, np.float64), axis=0).tolist()
    return mean[0], mean[1], mean[2]


def report(photographs: Sequence[Seen], sizes: Sequence[float]) -> Iterator[str]:
    """The page's lines."""
    yield from ("# How often a note lies on the object", "", "```")
    yield from ("python benchmarks/on_object.py", "```", "")
    yield from _ABOUT
    yield "| photographs | seen | note | place | middle on it | of the note | of the object |"
    yield "| --- | --- | ---: | --- | ---: | ---: | ---: |"
    for source, name in _SETS.items():
        for view, how in _VIEWS.items():
            own = [one for one in photographs if (one.source, one.view) == (source, view)]
            for size in sizes if own else ():
                for where in PLACES:
                    shares = " | ".join(f"{100 * v:.0f} %" for v in landed(own, where, size))
                    yield f"| {name} | {how} ({len(own)}) | {size:g} | `{where}` | {shares} |"
    yield ""


_ABOUT = (
    "The share of notes whose middle lies in a box of the object, of the note's area that does,",
    "and of the boxes' area under the note. The boxes (`benchmarks/object_boxes.csv`) are by hand",
    "and hold some ground around what is not a box. The note is so much of the side wide, 0.72",
    "times as tall. How the map is weighed towards the middle was chosen on the bundled",
    "photographs alone.",
    "",
)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of real photographs")
    parser.add_argument("--out", type=Path, default=ROOT / "results/pictures/on_object.md")
    given = parser.parse_args()
    lines = report(seen(given.data), (0.5, 0.3))
    write_whole(given.out, "\n".join(lines).encode())


if __name__ == "__main__":
    main()
