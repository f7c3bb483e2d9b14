"""The order of several models, and how sure it is."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from typoattack.core.randomness import Rng
from typoattack.metrics.clusters import AUTO, Codes, clusters
from typoattack.metrics.intervals import NOTHING, RESAMPLES, Figure

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEAST_RIGHT = 10
"""Photographs that a model must be right on when clean to have a place.

A model that is hardly ever right has hardly anything to lose: its flip rate says nothing of its
robustness, and it would shrink the common set of all others to nothing.
"""

LEAST_RIGHT_SHARE = 0.1
"""And the share of its photographs that those must be."""

_CHUNK = 4_000_000
"""Numbers in memory at a time, about 32 MB: resamples are drawn in parts of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A model's place among the compared.

    Attributes:
        name: the model.
        place: 1 is the most robust; models with equal scores share the better place. None where
            the model is listed without a place.
        reason: in words, why it has no place; empty where it has one.
        score: mean of the figure over the attacks on the common photographs, with a bootstrap
            interval; n is their number.
        accuracy_clean: on all photographs of its own; NaN where none has a clean picture.
        accuracy_attacked: on the same, the mean over attacks.
        right: on how many photographs it is right when clean.
        photographs: how many of its own have a clean picture.
        low: 2.5 % quantile of the place over resamples.
        high: 97.5 % quantile.
        first: share of resamples in which it comes first (ties shared out).
    """

    name: str
    place: int | None = None
    reason: str = ""
    score: Figure = NOTHING
    accuracy_clean: float
    accuracy_attacked: float
    right: int
    photographs: int
    low: int | None = None
    high: int | None = None
    first: float = math.nan


def rank(
    counted: Mapping[str, pd.DataFrame],
    figure: str,
    *,
    lower_is_better: bool,
    rng: Rng,
    resamples: int = RESAMPLES,
    by: str = AUTO,
) -> list[Rank]:
    """Rank models by the mean of a figure over attacks, the most robust first.

    All are ranked on the same photographs: those that count for every model with a place under
    the attack (for the flip rate: that all of them are right on when clean). A model that is
    right on fewer than `LEAST_RIGHT` photographs, or on less than `LEAST_RIGHT_SHARE` of them, is
    listed without a place and takes no part in that choice. Photographs (objects, where objects
    repeat) are resampled once for all models and attacks, so the uncertainty of a place is that of
    the paired data. It is that of this set of photographs and attacks: another set of attacks may
    rank otherwise.

    Args:
        counted: for each model's name its rows, from `typoattack.metrics.outcomes.outcomes`.
        figure: a column of theirs.
        lower_is_better: whether a robust model has a low figure.
        rng: of the bootstrap.
        resamples: how many resamples.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`. Of two
            factors the first is resampled.

    Returns:
        One rank a model, those without a place last; empty if no two models share an attack.
    """
    listed = {name: _unplaced(name, rows) for name, rows in counted.items()}
    able = {name: counted[name] for name, one in listed.items() if not one.reason}
    if len(able) > 1:
        values, samples = _per_sample(able, figure)
        if not values.shape[2]:
            return []
        together = _together(able, samples, by)
        common: Mask = np.logical_and.reduce(~np.isnan(values), axis=1)
        enough = common.sum(axis=0) >= LEAST_RIGHT
        if enough.any():
            values, common = values[:, :, enough], common[:, enough]
            drawing = _Drawing(together, rng, resamples)
            placed = _placed(able, listed, values, common, lower_is_better, drawing)
            return [*placed, *_others(listed, able)]
    why = _NO_OTHER if len(able) < 2 else _NOTHING_COMMON
    return _others({name: replace(one, reason=one.reason or why) for name, one in listed.items()})


_NO_OTHER = "no other model is right often enough to be ranked with it"
_NOTHING_COMMON = (
    f"under no attack do {LEAST_RIGHT} photographs count for all models that could have a place"
)


def _others(listed: Mapping[str, Rank], placed: Collection[str] = ()) -> list[Rank]:
    """The models without a place, by name."""
    return sorted((one for n, one in listed.items() if n not in placed), key=lambda one: one.name)


def _unplaced(name: str, rows: pd.DataFrame) -> Rank:
    """What is said of a model beside its place, from its attacked rows."""
    attacks = _attacks(rows)
    clean = attacks.groupby(["task", "sample"])["accuracy_clean"].mean().dropna()
    attacked = attacks.groupby(["task", "recipe", "sample"])["accuracy_attacked"].mean()
    right, photographs = int(clean.sum()), len(clean)
    return Rank(
        name=name,
        reason=_short_of(right, photographs),
        accuracy_clean=float(clean.mean()) if photographs else math.nan,
        accuracy_attacked=float(attacked.groupby(["task", "recipe"]).mean().mean()),
        right=right,
        photographs=photographs,
    )


def _short_of(right: int, photographs: int) -> str:
    """In words, why a model is right on too few photographs to have a place; empty if it is not."""
    if not photographs or right >= max(LEAST_RIGHT, LEAST_RIGHT_SHARE * photographs):
        return ""
    return (
        f"right on {right} of {photographs} clean photographs; a place needs at least "
        f"{LEAST_RIGHT} of them and {100 * LEAST_RIGHT_SHARE:.0f} %"
    )


def _placed(
    able: Mapping[str, pd.DataFrame],
    listed: Mapping[str, Rank],
    values: Array,
    common: Mask,
    lower_is_better: bool,
    drawing: "_Drawing",
) -> list[Rank]:
    """The models that have a place, best first."""
    kept: Mask = np.asarray(common.any(axis=1))
    values, common = values[kept], common[kept]
    present = np.broadcast_to(common[:, None, :], values.shape)
    filled = np.where(present, values, 0.0)
    score = (filled.sum(axis=0) / present.sum(axis=0)).mean(axis=1)
    drawn = _resampled(filled, present, drawing.only(kept))
    sign = 1.0 if lower_is_better else -1.0
    places = _places(sign * drawn)
    best = places == 1
    first = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    worst_places = np.quantile(places, 0.975, axis=0, method="higher")
    best_places = np.quantile(places, 0.025, axis=0, method="lower")
    own = _places(sign * score[None, :])[0]
    made = [
        replace(
            listed[name],
            score=Figure(float(score[i]), float(low[i]), float(high[i]), len(values), "bootstrap"),
            place=int(own[i]),
            low=int(best_places[i]),
            high=int(worst_places[i]),
            first=float(first[i]),
        )
        for i, name in enumerate(able)
    ]
    return sorted(made, key=lambda one: (one.place, one.name))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """How samples are resampled: which belong together, by what stream, how often."""

    together: Codes
    rng: Rng
    resamples: int

    def only(self, kept: Mask) -> "_Drawing":
        """The same for some of the samples."""
        codes = np.unique(self.together[kept], return_inverse=True)[1]
        return replace(self, together=np.asarray(codes, np.int64))


def _per_sample(counted: Mapping[str, pd.DataFrame], figure: str) -> tuple[Array, "pd.Index[str]"]:
    """(samples, models, attacks): the figure's mean on each sample, NaN where none counts; and the
    samples' ids."""
    by = ["task", "recipe", "sample"]
    tables = [
        _attacks(rows).groupby(by, sort=True)[figure].mean().unstack("sample")
        for rows in counted.values()
    ]
    attacks, samples = tables[0].index, tables[0].columns
    for table in tables[1:]:
        attacks, samples = attacks.intersection(table.index), samples.union(table.columns)
    cube = [
        table.reindex(index=attacks, columns=samples).to_numpy(np.float64).T for table in tables
    ]
    return np.stack(cube, axis=1), samples


def _attacks(rows: pd.DataFrame) -> pd.DataFrame:
    """The attacked rows; the frame itself, not a copy, where it has no others."""
    attacks = rows["family"] == "attack"
    return rows if attacks.all() else rows[attacks]


def _together(counted: Mapping[str, pd.DataFrame], samples: "pd.Index[str]", by: str) -> Codes:
    """Which samples belong together."""
    rows = pd.concat([_attacks(own).drop_duplicates("sample") for own in counted.values()])
    one_each = rows.drop_duplicates("sample").set_index("sample").loc[samples].reset_index()
    return clusters(one_each, by).codes[0]


def _resampled(filled: Array, present: Mask, drawing: _Drawing) -> Array:
    """(resamples, models): scores on resampled samples, those without any figure left out."""
    n, models, attacks = filled.shape
    flat, counts = filled.reshape(n, -1), present.reshape(n, -1).astype(np.float64)
    groups = int(drawing.together.max()) + 1
    if groups < n:  # what a group adds, so that it is drawn as a whole
        flat, counts = (_summed(drawing.together, groups, part) for part in (flat, counts))
    parts = []
    for size in _sizes(drawing.resamples, max(1, _CHUNK // groups)):
        chances = np.full(groups, 1 / groups)
        weights = drawing.rng.multinomial(groups, chances, size=size).astype(np.float64)
        with np.errstate(invalid="ignore"):
            rates = (weights @ flat) / (weights @ counts)
        parts.append(rates.reshape(size, models, attacks).mean(axis=2))
    drawn = np.concatenate(parts)
    kept: Array = drawn[~np.isnan(drawn).any(axis=1)]
    return kept


def _summed(codes: Codes, groups: int, rows: Array) -> Array:
    """(groups, columns): the sum of rows (n, columns) of each group."""
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _sizes(total: int, most: int) -> Iterator[int]:
    """`total` in parts of at most `most`."""
    for start in range(0, total, most):
        yield min(most, total - start)


def _places(scores: Array) -> npt.NDArray[np.int64]:
    """(rows, models): place of each score in its row, 1 for the lowest, ties the better place."""
    below: npt.NDArray[np.int64] = (scores[:, None, :] < scores[:, :, None]).sum(axis=2)
    return below + 1
