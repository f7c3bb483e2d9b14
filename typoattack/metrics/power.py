"""How many photographs it takes to show a difference, before they are taken.

A difference is a mean of gaps, one a photograph: between two models, or between an attack and its
control. How many are needed depends on the share of photographs on which the two sides differ at
all, and, where objects repeat, on how alike the photographs of one object are. Both are assumed, or
taken from a pilot run.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from typoattack.core.errors import UserError
from typoattack.metrics.clusters import Codes, clusters
from typoattack.metrics.intervals import Values
from typoattack.metrics.paired import LEAST_COMMON, detectable, discordance

SIZES = (20, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 50_000)
"""Photographs at which a curve is given."""

MOST = 10_000_000
"""Photographs beyond which a difference counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is assumed of the gaps.

    Attributes:
        discordant: share of photographs on which the two sides differ, 0 to 1.
        an_object: photographs of one object; 1 where each shows another.
        correlation: of the gaps of one object's photographs, 0 to 1.
        a_word: photographs that bear one word; 1 where each bears another.
        word_correlation: of the gaps of one word's photographs, 0 to 1.
        replicates: attacked versions of each photograph.
        within: share of the discordance that versions of one photograph do not have in common;
            0 where it is not known, so that more versions gain nothing.
    """

    discordant: float
    an_object: float = 1.0
    correlation: float = 0.0
    a_word: float = 1.0
    word_correlation: float = 0.0
    replicates: int = 1
    within: float = 0.0

    def __post_init__(self) -> None:
        shares = {
            "discordance": self.discordant,
            "correlation": self.correlation,
            "correlation of a word": self.word_correlation,
            "share within photographs": self.within,
        }
        for what, value in shares.items():
            if not 0 <= value <= 1:
                raise UserError(f"a {what} lies between 0 and 1, not at {value:g}")
        if not (math.isfinite(self.an_object) and math.isfinite(self.a_word)):
            raise UserError("photographs of one object, and with one word, are a finite number")
        if min(self.an_object, self.a_word, self.replicates) < 1:
            raise UserError("an object and a word have a photograph at least, and that one version")

    @property
    def effect(self) -> float:
        """What objects and words that repeat cost: how much the variance grows (Kish 1965)."""
        objects = (self.an_object - 1) * self.correlation
        return 1 + objects + (self.a_word - 1) * self.word_correlation

    @property
    def spread(self) -> float:
        """The mean square of a photograph's gap, the mean over its versions."""
        return self.discordant * (1 - self.within + self.within / self.replicates)


def could_show(photographs: int, design: Design) -> float:
    """The smallest difference that so many photographs show with 80 % power at 5 %.

    NaN where they show none, or their objects or words are fewer than a test needs.
    """
    if photographs / max(design.an_object, design.a_word) < LEAST_COMMON:
        return math.nan
    return detectable(photographs / design.effect, design.spread)


def needed(difference: float, design: Design) -> int | None:
    """How many photographs show a difference with 80 % power at 5 %; None beyond `MOST`.

    Args:
        difference: 0 to 1.
        design: what is assumed.

    Raises:
        UserError: if the difference is none.
    """
    if not 0 < difference <= 1:
        raise UserError(
            f"a difference lies above 0 and up to 100 points, not at {100 * difference:g}"
        )
    low, high = 0, MOST
    if not could_show(high, design) <= difference:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if could_show(middle, design) <= difference else (middle, high)
    return high


def curve(design: Design, sizes: Sequence[int]) -> pd.DataFrame:
    """Columns `photographs`, `objects`, `words` and `detectable`, a line a size."""
    table: pd.DataFrame = pd.DataFrame(
        {
            "photographs": list(sizes),
            "objects": [round(size / design.an_object) for size in sizes],
            "words": [round(size / design.a_word) for size in sizes],
            "detectable": [could_show(size, design) for size in sizes],
        }
    )
    return table


def pilot(rows: pd.DataFrame) -> Design:
    """What a run tells of the gaps.

    Args:
        rows: of one recipe, with `gap`, `sample`, `label` and `word`. One version a photograph does
            not tell how alike versions are, so that `within` is 0.

    Raises:
        UserError: for fewer than `LEAST_COMMON` photographs.
    """
    means = rows.groupby("sample", sort=True).agg(gap=("gap", "mean"), label=("label", "first"))
    if len(means) < LEAST_COMMON:
        raise UserError(
            f"a pilot needs {LEAST_COMMON} photographs that count for both sides; "
            f"this one has {len(means)}"
        )
    versions = rows.groupby("sample")["gap"].size()
    replicates = max(1, round(float(versions.mean())))
    objects = clusters(means.reset_index(), "label").codes[0]
    words = clusters(rows, "word").codes[0]
    gaps = means["gap"].to_numpy(np.float64)
    spread = discordance(gaps)
    within = _within(rows, replicates, spread)
    share = within / (spread + within * (1 - 1 / replicates)) if spread else 0.0
    return Design(
        discordant=min(1.0, spread + within * (1 - 1 / replicates)),
        an_object=len(gaps) / (int(objects.max()) + 1),
        correlation=correlation(gaps, objects),
        a_word=max(1.0, len(rows) / (int(words.max()) + 1)),
        word_correlation=correlation(rows["gap"].to_numpy(np.float64), words),
        replicates=replicates,
        within=min(1.0, share),
    )


def _within(rows: pd.DataFrame, replicates: int, spread: float) -> float:
    """The variance of gaps among versions of one photograph."""
    if replicates == 1:
        return 0.0
    own = rows.groupby("sample")["gap"].var(ddof=1).dropna()
    return min(float(own.mean()), spread * replicates) if len(own) else 0.0


def correlation(values: Values, groups: Codes) -> float:
    """How alike the values (n,) of one group are, 0 to 1: the intraclass correlation by analysis of
    variance (Donner 1986); 0 where no group has two."""
    sizes = np.bincount(groups).astype(np.float64)
    n, k = len(values), len(sizes)
    if k < 2 or n == k:
        return 0.0
    means = np.bincount(groups, values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (k - 1)
    inside = float(((values - means[groups]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (typical - 1) * inside
    return min(1.0, max(0.0, (between - inside) / total)) if total > 0 else 0.0
