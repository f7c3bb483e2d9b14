"""The multimodal score where it must find something: each class's zero-shot logit as a unit.

    python benchmarks/units/class_logits.py PHOTOGRAPHS --out logits.csv

`mini` names a photograph and reads a word into the same class, so the logit of a class must come
out as multimodal; `mini-blind` cannot read, so its logits must answer to photographs alone.
PHOTOGRAPHS is a folder as `real_photographs.py` lays it out.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from PIL import Image
from rich.progress import track

from typoattack.core.files import write_whole
from typoattack.factory import load_model
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.cards import WordCards, vocabulary
from typoattack.units.photographs import Photographs, usable_photographs
from typoattack.units.recording import Values, batches
from typoattack.units.scores import UnitScores, multimodal_scores


def logits(
    model: Model, classifier: ZeroShotClassifier, pictures: list[Image.Image], classes: list[int]
) -> Values:
    """(n, classes): cosines of the pictures with the classes' texts."""
    rows = []
    for batch in track(list(batches(pictures, 32)), f"{model.name}"):
        rows.append(model.encode_image(torch.stack([model.preprocess(one) for one in batch])))
    found: Values = torch.cat(rows).numpy() @ np.asarray(classifier.weights)[classes].T
    return found


def scored(name: str, photographs: Photographs, cards: WordCards) -> UnitScores:
    """The multimodal scores of the logits of the classes that have photographs."""
    model = load_model(name, device="cpu")
    classifier = ZeroShotClassifier(model, photographs.dataset.task, TextCache(None))
    shown = [list(photographs.images()), list(cards.images())]
    seen, read = (logits(model, classifier, one, list(photographs.classes)) for one in shown)
    return multimodal_scores(photographs, seen, cards, read)


def main(
    folder: Annotated[Path, typer.Argument(help="Photographs, one subfolder a class.")],
    out: Annotated[Path, typer.Option("--out", help="The table to write.")],
) -> None:
    """Score the logits of mini and mini-blind."""
    photographs = usable_photographs(open_dataset(DatasetSpec(f"folder:{folder}")))
    names = photographs.class_names
    present = [names[label] for label in photographs.classes]
    cards = WordCards(tuple(vocabulary(present, names, 100)))
    frames = []
    for name in ("mini", "mini-blind"):
        found = scored(name, photographs, cards)
        print(f"{name}: {len(found.found())} of {len(present)} pass. {found.halves()}")
        frame = found.frame("logits").rename(columns={"layer": "model", "unit": "logit_of"})
        frames.append(frame.assign(model=name, logit_of=present))
    table = pd.concat(frames, ignore_index=True)
    write_whole(out, table.to_csv(index=False, float_format="%.6g").encode())


if __name__ == "__main__":
    typer.run(main)
