"""One accuracy over clean and attacked pictures together, as papers print it of given photographs.

Azuma and Matsui 2023 count Materzyńska's photographs so: every picture once, those without a note
among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from typoattack.core.randomness import stream
from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.dose import GIVEN
from typoattack.metrics.intervals import LEVEL, RESAMPLES, Figure
from typoattack.results.schema import CLEAN


@dataclass(frozen=True, slots=True)
class AllPictures:
    """What one model says of all pictures of a data set that came attacked.

    Attributes:
        model: its name.
        accuracy: the share of pictures that are called what they show; its interval by what
            photographs belong together by.
        clean: pictures without an attack.
        attacked: pictures with one.
    """

    model: str
    accuracy: Figure
    clean: int
    attacked: int


def all_pictures(counted: pd.DataFrame, *, seed: int = 0, by: str = AUTO) -> list[AllPictures]:
    """One entry a model; none unless the run has both clean and given attacked pictures.

    Args:
        counted: what `typoattack.metrics.outcomes.outcomes` gives, of the suite's own task.
        seed: of the bootstrap.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    return list(_each(counted, seed, by))


def _each(counted: pd.DataFrame, seed: int, by: str) -> Iterator[AllPictures]:
    given = (counted["family"] == "attack") & counted["recipe"].str.startswith(GIVEN)
    clean = counted["family"] == CLEAN
    for model, rows in counted[given | clean].groupby("model", sort=True):
        attacked = int((rows["family"] != CLEAN).sum())
        if 0 < attacked < len(rows):
            yield AllPictures(str(model), _pooled(rows, seed, by), len(rows) - attacked, attacked)


def _pooled(rows: pd.DataFrame, seed: int, by: str) -> Figure:
    """The share of right pictures; groups of photographs are resampled, each with all it has."""
    codes = clusters(rows, by).first.codes[0]
    right = np.bincount(codes, rows["correct"].to_numpy(np.float64))
    pictures = np.bincount(codes)
    n = len(pictures)
    value = float(right.sum() / pictures.sum())
    if n < 2:
        return Figure(value, 0.0, 1.0, len(rows), "bootstrap", n)
    rng = stream("all pictures", seed)
    drawn = (rng.multinomial(n, np.full(n, 1 / n)) for _ in range(RESAMPLES))
    # A picture at each bound joins, so that a share of 0 or 1 has an interval (`bootstrap` too).
    made = [(right @ times + 0.5) / (pictures @ times + 1) for times in drawn]
    low, high = np.quantile(made, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high), len(rows), "bootstrap", n)
