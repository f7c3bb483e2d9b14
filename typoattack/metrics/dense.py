"""Does a word change answers away from where it stands? Shares of patches that say it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from typoattack.metrics.clusters import AUTO, clustered, clusters
from typoattack.metrics.intervals import DIFFERENCE, NOTHING, SHARE, Figure
from typoattack.metrics.paired import ALPHA, holm, p_of_mean
from typoattack.runner.dense import ATTACKED, CLEAN, CONTROL, Seen

INSIDE, OUTSIDE = "inside", "outside"
SAYS, NEARER = "says the word", "nearer to the word"
"""Among all classes, or of the word and the right class alone."""


@dataclass(frozen=True, slots=True)
class Dense:
    """What the patches of one part of the picture say under one attack.

    Attributes:
        model: who was asked.
        recipe: the attack.
        part: `inside` the box of what was changed, or `outside`.
        measure: `SAYS` or `NEARER`.
        clean: the share of patches on the clean photograph, the mean over photographs.
        attacked: on the attacked one.
        control: on the control; nothing without one.
        change: `attacked` less `clean`, photograph by photograph.
        reading: `attacked` less `control`; nothing without a control.
        p: of the test that the word changes nothing: of `reading`, or of `change` without it.
        p_holm: adjusted over the recipes and measures of the model and part; NaN if not tested.
    """

    model: str
    recipe: str
    part: str
    measure: str
    clean: Figure
    attacked: Figure
    control: Figure
    change: Figure
    reading: Figure
    p: float = math.nan
    p_holm: float = math.nan

    @property
    def shown(self) -> bool:
        """Whether the word brings more patches to say it, however many attacks were tried."""
        return self.p_holm < ALPHA and (self.reading or self.change).value > 0


def dense_rows(seen: Seen) -> Iterator[dict[str, object]]:
    """A row a (part, measure) of an attacked photograph that has such a part."""
    for part, mask in ((INSIDE, seen.inside), (OUTSIDE, ~seen.inside)):
        if not mask.any():
            continue
        for measure, grids in ((SAYS, seen.says), (NEARER, seen.nearer)):
            shares = {name: float(grid[mask].mean()) for name, grid in grids.items()}
            yield {
                "model": seen.model,
                "recipe": seen.recipe,
                "sample": seen.sample,
                "label": seen.label,
                "replicate": seen.replicate,
                "word": seen.word,
                "part": part,
                "measure": measure,
                "patches": int(mask.sum()),
                CLEAN: shares[CLEAN],
                ATTACKED: shares[ATTACKED],
                CONTROL: shares.get(CONTROL, np.nan),
            }


def dense_figures(rows: pd.DataFrame, by: str = AUTO) -> list[Dense]:
    """The figures of `dense_rows`, a line a (model, recipe, part, measure).

    Args:
        rows: of any number of photographs.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    keys = ["model", "recipe", "measure", "part"]
    made: list[Dense] = []
    for key, some in rows.groupby(keys, sort=False):
        model, recipe, measure, part = map(str, key)
        beside = some.dropna(subset=[CONTROL])
        made.append(
            Dense(
                model,
                recipe,
                part,
                measure,
                _figure(some, some[CLEAN], SHARE, by),
                _figure(some, some[ATTACKED], SHARE, by),
                _figure(beside, beside[CONTROL], SHARE, by),
                _figure(some, some[ATTACKED] - some[CLEAN], DIFFERENCE, by),
                _figure(beside, beside[ATTACKED] - beside[CONTROL], DIFFERENCE, by),
                _p_value(some if beside.empty else beside, by),
            )
        )
    return _adjusted(made)


def _p_value(rows: pd.DataFrame, by: str) -> float:
    before = CLEAN if rows[CONTROL].isna().all() else CONTROL
    gaps = (rows[ATTACKED] - rows[before]).to_numpy(np.float64)
    return p_of_mean(gaps, clusters(rows, by))


def _adjusted(figures: Sequence[Dense]) -> list[Dense]:
    """Holm's adjustment within each model and part."""
    families: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(figures):
        families.setdefault((one.model, one.part), []).append(place)
    made = list(figures)
    for places in families.values():
        for place, p in zip(places, holm([figures[n].p for n in places]), strict=True):
            made[place] = replace(figures[place], p_holm=p)
    return made


def _figure(
    rows: pd.DataFrame, values: "pd.Series[float]", bounds: tuple[float, float], by: str
) -> Figure:
    if rows.empty:
        return NOTHING
    return clustered(values.to_numpy(np.float64), clusters(rows, by), bounds)


def headline(figures: Sequence[Dense], model: str) -> list[Dense]:
    """Both measures outside the box, of the attack that brings most patches nearer to the word."""
    outside = [one for one in figures if one.model == model and one.part == OUTSIDE]
    nearer = [one for one in outside if one.measure == NEARER]
    if not nearer:
        return []
    worst = max(nearer, key=lambda one: one.change.value).recipe
    return [one for one in outside if one.recipe == worst]
