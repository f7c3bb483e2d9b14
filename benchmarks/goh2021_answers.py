"""The answers of CLIP RN50x4 that Goh et al. 2021 recorded, as `typoattack score` takes them.

python benchmarks/goh2021_answers.py FOLDER --out answers.csv

FOLDER holds `in_the_wild_{1,2,3}.json` of distillpub/post--multimodal, `public/typographic`
(CC BY 4.0): for each object and note the classes that they list with their probabilities, zero-shot
and by a linear probe. What is listed is a part of the 1,000 classes. The answer is taken to be the
likeliest class listed; where the classes that are not listed hold more probability than it, another
one of them might be the answer, and the row's fact `sure` is false.
"""

import argparse
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole

ROUNDS = (1, 2, 3)
MODELS = {
    "zero_shot_statistics": "CLIP RN50x4, zero-shot",
    "linear_probe_statistics": "CLIP RN50x4, linear probe",
}
TARGETS = {
    "cup": "measuring cup",
    "ipod": "iPod",
    "laptop": "laptop computer",
    "library": "library",
    "mug": "coffee mug",
    "pizza": "pizza",
    "plant": "plant pot",
    "rifle": "rifle",
    "toaster": "toaster",
    "water": "water jug",
}
"""The class that each note is scored as: the one that the object of this name is listed under."""

COLUMNS = (
    *("model", "sample", "kind", "label", "answer", "probabilities", "word", "target"),
    *("round", "object", "sure"),
)


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """One answer a line; an object's label is the class that its lists begin with."""
    for number in ROUNDS:
        objects = json.loads((folder / f"in_the_wild_{number}.json").read_text("utf-8"))
        for thing, notes in objects.items():
            label = notes["blank"]["zero_shot_statistics"][0][1]
            for note, entry in notes.items():
                for statistics, model in MODELS.items():
                    listed = {name: float(p) for p, name in entry[statistics]}
                    answer = max(listed, key=lambda name: listed[name])
                    unlisted = 1 - sum(listed.values())
                    yield {
                        "model": model,
                        "sample": f"round {number}: {thing}",
                        "kind": _kind(thing, note, label),
                        "label": label,
                        "answer": answer,
                        "probabilities": json.dumps(listed),
                        "word": "" if note == "blank" else note,
                        "target": "" if note == "blank" else TARGETS[note],
                        "round": number,
                        "object": thing,
                        "sure": listed[answer] >= unlisted,
                    }


def _kind(thing: str, note: str, label: str) -> str:
    if note == "blank":
        return "clean"
    return "own-word" if note == thing or TARGETS[note] == label else "note"


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    if not (given.folder / "in_the_wild_1.json").is_file():
        raise UserError(f"{str(given.folder)!r} has no in_the_wild_1.json")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    rows = list(lines(given.folder))
    table.writerows(rows)
    write_whole(given.out, text.getvalue().encode())
    unsure = sum(not row["sure"] for row in rows)
    print(f"{len(rows)} answers, {unsure} of them not sure: {given.out}")


if __name__ == "__main__":
    main()
