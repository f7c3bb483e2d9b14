"""The order of several models, and how sure it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from typoattack.core.randomness import Rng
from typoattack.metrics.intervals import RESAMPLES, Figure

Array = npt.NDArray[np.float64]

_CHUNK = 4_000_000
"""Numbers in memory at a time, about 32 MB: resamples are drawn in parts of that."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A model's place among the compared.

    Attributes:
        name: the model.
        score: mean of the figure over the attacks, with a bootstrap interval.
        place: 1 is the most robust; models with equal scores share the better place.
        low: 2.5 % quantile of the place over resamples.
        high: 97.5 % quantile.
        first: share of resamples in which it comes first (ties shared out).
    """

    name: str
    score: Figure
    place: int
    low: int
    high: int
    first: float


def rank(
    counted: Mapping[str, pd.DataFrame],
    figure: str,
    *,
    lower_is_better: bool,
    rng: Rng,
    resamples: int = RESAMPLES,
) -> list[Rank]:
    """Rank models by the mean over attacks of each model's own figure, the most robust first.

    Samples are resampled once for all models and attacks, so the uncertainty of a place is that
    of the paired data. It is that of this set of photographs and attacks: another set of attacks
    may rank otherwise.

    Args:
        counted: for each model's name its rows, from `typoattack.metrics.outcomes.outcomes`.
        figure: a column of theirs.
        lower_is_better: whether a robust model has a low figure.
        rng: of the bootstrap.
        resamples: how many resamples.

    Returns:
        One rank a model; empty if models share no attack, or one has too few samples to rank.
    """
    values = _per_sample(counted, figure)
    present = ~np.isnan(values)
    if not present.any(axis=0).all() or values.shape[2] == 0:
        return []
    filled = np.where(present, values, 0.0)
    score = (filled.sum(axis=0) / present.sum(axis=0)).mean(axis=1)
    drawn = _resampled(filled, present, rng, resamples)
    if not len(drawn):
        return []
    sign = 1.0 if lower_is_better else -1.0
    places = _places(sign * drawn)
    best = places == 1
    first = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    worst_places = np.quantile(places, 0.975, axis=0, method="higher")
    best_places = np.quantile(places, 0.025, axis=0, method="lower")
    own = _places(sign * score[None, :])[0]
    made = [
        Rank(
            name=name,
            score=Figure(float(score[i]), float(low[i]), float(high[i]), len(values), "bootstrap"),
            place=int(own[i]),
            low=int(best_places[i]),
            high=int(worst_places[i]),
            first=float(first[i]),
        )
        for i, name in enumerate(counted)
    ]
    return sorted(made, key=lambda one: (one.place, one.name))


def _per_sample(counted: Mapping[str, pd.DataFrame], figure: str) -> Array:
    """(samples, models, attacks): the figure's mean on each sample; NaN where none counts."""
    by = ["task", "recipe", "sample"]
    tables = [
        rows[rows["family"] == "attack"].groupby(by, sort=True)[figure].mean().unstack("sample")
        for rows in counted.values()
    ]
    attacks, samples = tables[0].index, tables[0].columns
    for table in tables[1:]:
        attacks, samples = attacks.intersection(table.index), samples.union(table.columns)
    cube = [
        table.reindex(index=attacks, columns=samples).to_numpy(np.float64).T for table in tables
    ]
    return np.stack(cube, axis=1)


def _resampled(filled: Array, present: npt.NDArray[np.bool_], rng: Rng, resamples: int) -> Array:
    """(resamples, models): scores on resampled samples, those without any figure left out."""
    n, models, attacks = filled.shape
    flat, counts = filled.reshape(n, -1), present.reshape(n, -1).astype(np.float64)
    parts = []
    for size in _sizes(resamples, max(1, _CHUNK // n)):
        weights = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        with np.errstate(invalid="ignore"):
            rates = (weights @ flat) / (weights @ counts)
        parts.append(rates.reshape(size, models, attacks).mean(axis=2))
    drawn = np.concatenate(parts)
    kept: Array = drawn[~np.isnan(drawn).any(axis=1)]
    return kept


def _sizes(total: int, most: int) -> Iterator[int]:
    """`total` in parts of at most `most`."""
    for start in range(0, total, most):
        yield min(most, total - start)


def _places(scores: Array) -> npt.NDArray[np.int64]:
    """(rows, models): place of each score in its row, 1 for the lowest, ties the better place."""
    below: npt.NDArray[np.int64] = (scores[:, None, :] < scores[:, :, None]).sum(axis=2)
    return below + 1
