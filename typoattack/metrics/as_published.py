"""The clean figure that papers print, beside the one of the canvas.

In a run every picture, clean or attacked, passes through a square canvas, so that a photograph is
resized twice: once to the canvas, once to the model's input. The loops that papers use (that of
CLIP_benchmark, for one) resize it once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from typoattack.metrics.intervals import Figure, wilson


@dataclass(frozen=True, slots=True)
class AsPublished:
    """What one model says of photographs without a canvas, and with.

    Attributes:
        model: its name.
        accuracy: without a canvas, as papers print it, with Wilson's interval.
        canvas_accuracy: of the same photographs on the canvas.
        changed: how many answers the canvas changes.
        photographs: of how many.
        farthest: the most that the cosine with the label's text differs.
    """

    model: str
    accuracy: Figure
    canvas_accuracy: Figure
    changed: int
    photographs: int
    farthest: float


def as_published(rows: pd.DataFrame) -> list[AsPublished]:
    """One entry a model, by name; none where no photograph was classified without a canvas.

    Args:
        rows: of `typoattack.results.folder.RunFolder.as_published`.
    """
    return list(_each(rows))


def _each(rows: pd.DataFrame) -> Iterator[AsPublished]:
    for model, told in rows.groupby("model", sort=True):
        right, on_canvas = told["predicted"] == told["label"], told["clean_predicted"]
        apart = (told["sim_label"] - told["clean_sim_label"]).abs().max()
        yield AsPublished(
            model=str(model),
            accuracy=wilson(right.to_numpy(np.float64)),
            canvas_accuracy=wilson((on_canvas == told["label"]).to_numpy(np.float64)),
            changed=int((on_canvas != told["predicted"]).sum()),
            photographs=len(told),
            farthest=float(apart),
        )
